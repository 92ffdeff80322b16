// Package batchjobs is one client for batch jobs that other people's services run: Crustdata,
// Spidra, Reach and Veryfront. A program lists its jobs, asks how one stands, waits for it and reads
// its results, in the same way whoever runs them.
//
//	client, err := batchjobs.New("crustdata", batchjobs.WithAPIKey(key))
//	if err != nil {
//		return err
//	}
//	defer client.Close()
//	for job, err := range client.Jobs(ctx, batchjobs.WithStatus("done")) {
//		if err != nil {
//			return err
//		}
//		fmt.Println(job.ID, job.Outcome)
//	}
//
// It is made over libbatchjobs by cgo, and needs its shared library and pkg-config file: README.md
// says how to get them.
//
// # Contexts
//
// Every call takes a context. When it is cancelled, that call alone ends, at most 100 ms later, and
// what the library did for it has ended too when it returns. The error is a [*Error] in which
// [errors.Is] finds [context.Canceled] or [context.DeadlineExceeded]. A deadline is also made known to
// the library, which then does not begin a wait that would go beyond it. A stream of results and a
// walk over a list end with the context they were opened with.
//
// # Errors
//
// Each error of the library is a [*Error], and its [Code] is one of the constants that begin with
// Err: use [errors.Is] to tell them apart. Requests that failed have been repeated already, up to
// [WithMaxAttempts] times; [Error.Retryable] tells whether the same call may succeed later still. A
// loop over an iterator gets an error as its last pair; what came before is good.
//
// # Goroutines
//
// A [Client] may be used by any number of goroutines at once; each call that waits for the network
// holds a thread of the system meanwhile. A [Results] belongs to one goroutine at a time; another one
// gets [ErrBusy]. Jobs, pages and records are copies that nobody changes. Iterators are functions:
// each range over one begins anew.
//
// Functions given to [WithLogger], [WithTokenProvider], [WithUpdates] and [WithProgress] run on the
// goroutine of the call. A panic in one of them is a panic of the call. They must not end the
// goroutine by [runtime.Goexit] (which is what Fatal of package testing does).
//
// # Memory
//
// Records come in batches, copied once from C; [Record.Bytes] is a part of such a copy. What is not
// closed is given back when the garbage collector finds it, but [Client.Close] and [Results.Close] do so
// at once. Leaving a range loop gives back what it held.
package batchjobs
