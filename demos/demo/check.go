package demo

// Check is one thing that a machine allows or does not, for `procession doctor`.
type Check struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Text string `json:"text"` // what was found, and what to do when it is not well
}
