//go:build !linux

package warden

// Early does nothing: where there is no subreaper, there is no warden.
func Early() {}
