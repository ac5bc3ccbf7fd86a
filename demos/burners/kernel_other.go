//go:build !linux

package burners

import "edu/procession/demos/demo"

// usage is not told here.
func usage(int) (used, bool) { return used{}, false }

type coreSet struct{}

func only(int) coreSet { return coreSet{} }

func allow(int, coreSet) error { return demo.ErrNotHere }
func allowOurs(int) error      { return demo.ErrNotHere }
func firstCore() (int, error)  { return 0, demo.ErrNotHere }
