//go:build !linux

package stagetest

import "edu/procession/demos/demo"

func host([]demo.Demo) {}
