package batchjobs_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	batchjobs "github.com/libbatchjobs/libbatchjobs/bindings/go"
)

// Every call is made while the service is silent, and its context cancelled meanwhile.
func TestCancellationEndsEveryCall(t *testing.T) {
	c := client(t, "crustdata")
	id, cause := sim.Sample("crustdata", "succeeded"), errors.New("because")
	path := filepath.Join(t.TempDir(), "records")
	calls := map[string]func(context.Context) error{
		"Job":         func(ctx context.Context) error { _, err := c.Job(ctx, id); return err },
		"Wait":        func(ctx context.Context) error { _, err := c.Wait(ctx, id); return err },
		"Jobs":        func(ctx context.Context) error { return last(c.Jobs(ctx)) },
		"WaitMany":    func(ctx context.Context) error { return last(c.WaitMany(ctx, []string{id})) },
		"Results":     func(ctx context.Context) error { return last(c.Results(ctx, id)) },
		"OpenResults": func(ctx context.Context) error { _, err := c.OpenResults(ctx, id); return err },
		"Save":        func(ctx context.Context) error { return c.Save(ctx, id, path) },
	}
	for name, call := range calls {
		must(t, sim.Calm())
		fault(t, "crustdata", "any", "delay", map[string]any{"seconds": 20, "times": -1})
		ctx, cancel := context.WithCancelCause(background)
		var fired time.Time
		timer := time.AfterFunc(100*time.Millisecond, func() { fired = time.Now(); cancel(cause) })
		err := call(ctx)
		if timer.Stop() {
			t.Fatalf("%s ended before it was cancelled: %v", name, err)
		}
		if took := time.Since(fired); took > 500*time.Millisecond {
			t.Errorf("%s took %v to end", name, took)
		}
		found := wantCode(t, err, batchjobs.ErrCancelled)
		if !errors.Is(err, context.Canceled) || !errors.Is(err, cause) || errors.Is(err, context.DeadlineExceeded) || found.Timeout() {
			t.Errorf("%s: %v is not context.Canceled because of the cause", name, err)
		}
	}
	must(t, sim.Calm())
	_, err := c.Job(background, id)
	must(t, err) // the client is as good as before
}

func TestAContextThatHasEnded(t *testing.T) {
	c := client(t, "crustdata")
	ctx, cancel := context.WithCancel(background)
	cancel()
	for name, err := range everyCall(ctx, c, sim.Sample("crustdata", "succeeded")) {
		wantCode(t, err, batchjobs.ErrCancelled)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v is not context.Canceled", name, err)
		}
	}
	late, cancel := context.WithTimeout(background, -time.Second)
	defer cancel()
	for name, err := range everyCall(late, c, sim.Sample("crustdata", "succeeded")) {
		if found := wantCode(t, err, batchjobs.ErrTimeout); !errors.Is(err, context.DeadlineExceeded) || !found.Timeout() {
			t.Errorf("%s: %v is not context.DeadlineExceeded", name, err)
		}
	}
	if seen, _, _ := sim.Requests(); len(seen) != 0 {
		t.Errorf("%d requests were sent", len(seen))
	}
}

func TestADeadlineEndsEveryCall(t *testing.T) {
	c := client(t, "crustdata")
	fault(t, "crustdata", "any", "delay", map[string]any{"seconds": 20, "times": -1})
	ctx, cancel := context.WithTimeout(background, 150*time.Millisecond)
	defer cancel()
	within(t, 2*time.Second, "eight calls, of which the first ends at the deadline", func() {
		for name, err := range everyCall(ctx, c, sim.Sample("crustdata", "succeeded")) {
			if found := wantCode(t, err, batchjobs.ErrTimeout); !errors.Is(err, context.DeadlineExceeded) || !found.Timeout() {
				t.Errorf("%s: %v is not context.DeadlineExceeded", name, err)
			}
		}
	})
}

// The library knows the deadline: it does not begin a wait that would go beyond it.
func TestADeadlineIsPassedDown(t *testing.T) {
	c := client(t, "crustdata")
	fault(t, "crustdata", "get", "status", map[string]any{"status": 429, "retry_in": 30, "times": -1})
	ctx, cancel := context.WithTimeout(background, 10*time.Second)
	defer cancel()
	within(t, 3*time.Second, "a call that is told to come back after the deadline", func() {
		_, err := c.Job(ctx, sim.Sample("crustdata", "succeeded"))
		found := wantCode(t, err, batchjobs.ErrRateLimited)
		if found.RetryAfter < 25*time.Second || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%+v", found)
		}
	})
	// A later deadline does not make a shorter limit longer, of the call or of the client.
	c = client(t, "crustdata")
	hasty := client(t, "crustdata", batchjobs.WithTimeout(200*time.Millisecond))
	fault(t, "crustdata", "get", "delay", map[string]any{"seconds": 20, "times": -1})
	for _, call := range []func() (*batchjobs.Job, error){
		func() (*batchjobs.Job, error) {
			return c.Job(ctx, sim.Sample("crustdata", "succeeded"), batchjobs.WithOption("timeout_ms", "200"))
		},
		func() (*batchjobs.Job, error) { return hasty.Job(ctx, sim.Sample("crustdata", "succeeded")) },
	} {
		within(t, 2*time.Second, "a call of 200 ms", func() {
			_, err := call()
			if found := wantCode(t, err, batchjobs.ErrTimeout); !found.Timeout() || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v: the context's deadline was not the reason", err)
			}
		})
	}
}

// One call's context is not another's.
func TestCancellationIsOfOneCall(t *testing.T) {
	c := client(t, "crustdata")
	fault(t, "crustdata", "get", "delay", map[string]any{"seconds": 1, "times": 2})
	ctx, cancel := context.WithCancel(background)
	ended := make(chan error)
	for _, ctx := range []context.Context{ctx, background} {
		go func() {
			_, err := c.Job(ctx, sim.Sample("crustdata", "succeeded"))
			ended <- err
		}()
	}
	time.Sleep(200 * time.Millisecond)
	cancel()
	wantCode(t, <-ended, batchjobs.ErrCancelled)
	must(t, <-ended)
}

// No goroutine and no descriptor is left of calls whose contexts end in time, late or never.
func TestCallsLeaveNothing(t *testing.T) {
	c := client(t, "reach")
	id := sim.Sample("reach", "succeeded")
	_, err := c.Job(background, id)
	must(t, err)
	goroutines, open := runtime.NumGoroutine(), descriptors(t)
	ctx, cancel := context.WithCancel(background)
	for i := range 300 {
		each, end := context.WithTimeout(ctx, time.Duration(i)*20*time.Microsecond)
		c.Job(each, id)
		end()
		_, err := c.Job(ctx, id)
		must(t, err)
	}
	cancel()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > goroutines+2; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines where there were %d", runtime.NumGoroutine(), goroutines)
		}
	}
	if now := descriptors(t); now > open+4 {
		t.Errorf("%d descriptors where there were %d", now, open)
	}
}

// Two hundred goroutines on one client, each cancelled at some moment: right, or cancelled. The other
// services' rate limits would hold them back.
func TestManyGoroutinesWithRandomCancellations(t *testing.T) {
	c, truths := client(t, "reach", batchjobs.WithMaxAttempts(2)), truth(t, "reach", "large")
	id := sim.Sample("reach", "large")
	wanted, err := sim.Jobs("reach")
	must(t, err)
	var done, cancelled atomic.Int64
	var group sync.WaitGroup
	for seed := range uint64(200) {
		group.Add(1)
		go func() {
			defer group.Done()
			dice := rand.New(rand.NewPCG(seed, 7))
			for range 2 {
				ctx, cancel := context.WithCancel(background)
				if dice.IntN(4) != 0 {
					timer := time.AfterFunc(time.Duration(dice.IntN(300))*time.Millisecond, cancel)
					defer timer.Stop()
				}
				var err error
				switch dice.IntN(3) {
				case 0:
					var job *batchjobs.Job
					if job, err = c.Job(ctx, id); err == nil && job.ID != id {
						t.Errorf("another job: %s", job.ID)
					}
				case 1:
					count := 0
					for job, problem := range c.Jobs(ctx) {
						if err = problem; err == nil && job.ID != wanted[count] {
							t.Errorf("place %d holds %s", count, job.ID)
						}
						count++
					}
				case 2:
					count := 0
					for record, problem := range c.Results(ctx, id) {
						if err = problem; err == nil && string(record.Bytes()) != string(truths.Records[count]) {
							t.Errorf("record %d is %s", count, record.Bytes())
						}
						count++
					}
					if err == nil && count != truths.Count {
						t.Errorf("%d records of %d", count, truths.Count)
					}
				}
				switch {
				case err == nil:
					done.Add(1)
				case errors.Is(err, context.Canceled) && errors.Is(err, batchjobs.ErrCancelled):
					cancelled.Add(1)
				default:
					t.Error(err)
				}
				cancel()
			}
		}()
	}
	group.Wait()
	if done.Load() < 40 || cancelled.Load() < 40 {
		t.Errorf("%d calls ended well and %d were cancelled; too few of one kind to tell anything", done.Load(), cancelled.Load())
	}
}
