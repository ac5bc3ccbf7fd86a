// Package broker is the task queue between nodes: an embedded NATS server that is
// a process on stage like any other, the master's side of the queue, and the
// workers' side.
//
// A demo puts [Role] among its roles as "broker" and starts the process with
// [Start]. Its master role opens the queue with [Open], puts tasks and collects
// results; its worker role is [Work] and a function that does one task.
//
//	func (d) Roles() map[string]demo.Role {
//		return map[string]demo.Role{"broker": broker.Role, "master": master, "worker": worker}
//	}
//
//	b, err := broker.Start(ctx, s, net, broker.Config{Lease: 2 * time.Second}) // in Play
//	args, err := b.Args("w1")                                                   // for Spec.Args of a node
//
//	q, err := broker.Open(ctx, w)       // in the master
//	err = q.Put(ctx, 7, body)
//	err = q.Collect(ctx, 12, func(r broker.Result) { … })
//
//	a, err := broker.AccessOf(w) // in a worker
//	err = broker.Work(ctx, w.Name(), a, w.Report, do)
//
// Nodes of the stage that want a queue without a master, or an event, are started
// with [Broker.PeerArgs] and use [Join]: see [Bounded].
//
// # What travels where
//
// Tasks lie in a JetStream work queue and results in a stream, both in files of
// the broker. Of master and workers only the master uses JetStream. Workers speak
// core NATS with the master, and each of them may publish pool.v1.up.NAME.* and
// hear pool.v1.down.NAME and pool.v1.ctl, nothing else:
//
//	worker  up.w1.want     I am free
//	master                 takes one task from JetStream, whose lease begins
//	master  down.w1        the task, with the lease's token
//	worker  up.w1.done     the result, with the token
//	master                 stores the result in JetStream, then acknowledges the task
//	master  down.w1        it is stored; until then the worker says the result again
//
// Workers of other programs join, from this machine or another, where the stage
// invites them ([Config.Listen], [Queue.Invite], [Joining]): with a token of the run
// they ask the master, get a name and its key, and are workers like the others.
//
// A task whose acknowledgement does not come within the lease (JetStream's
// AckWait) is delivered once more, to whoever is free then. Nobody has to notice
// that its worker died.
//
// The rules are:
//  1. No task is lost: it is acknowledged only when its result is stored
//     (TestBrokerKilled; TestKilledWorker of demos/remote).
//  2. A task may run more than once. The first result counts, every other is
//     counted as a duplicate (TestStoppedWorker of demos/remote).
//  3. A result counts only with a token that the master made for this task and
//     this worker. The master keeps no list: it can check a token that a master
//     before it made, so that the end of a master loses no work (TestToken).
//  4. A worker that says too much is cut off, and the others go on (TestHostileWorker).
//  5. From another machine the broker takes TLS alone, and who joins from there
//     talks to the owner of one key, whose fingerprint it was given, and to nobody
//     else (TestPinned, TestPlainFromAfar).
//  6. Nobody joins without the token of the run, with another version of the
//     protocol, or under the name of somebody who is there; who asks hears his own
//     answer alone (TestJoin, TestInvitation).
//  7. The server writes nothing to standard error and takes no signals.
package broker
