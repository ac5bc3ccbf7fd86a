// Package pipes asks the kernel about pipes, and about who sleeps in one: how
// many bytes a pipe holds (In), how many it can hold (Capacity), and what a
// thread waits for (SleepsIn). Where a system does not tell, they say so.
package pipes
