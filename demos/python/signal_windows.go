package python

func killGroup(int) {}

func interruptGroup(int) {}
