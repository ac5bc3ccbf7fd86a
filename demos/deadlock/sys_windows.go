package deadlock

import "os"

const here = false // the play says so

func lock(*os.File)   {}
func unlock(*os.File) {}
