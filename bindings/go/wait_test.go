package batchjobs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	batchjobs "github.com/libbatchjobs/libbatchjobs/bindings/go"
)

// busy lets the newest jobs of a service run, one for each number of seconds of job time.
func busy(t *testing.T, service string, seconds ...float64) {
	t.Helper()
	put := func(list []float64) error {
		return sim.Control("PUT", "/settings", map[string]any{"service": service, "busy": list}, nil)
	}
	must(t, put(seconds))
	t.Cleanup(func() { put([]float64{}) })
}

func advance(seconds float64) error {
	return sim.Control("PUT", "/clock", map[string]any{"advance": seconds}, nil)
}

// newest gives the ids that busy makes run.
func newest(t *testing.T, service string, count int) []string {
	t.Helper()
	all, err := sim.Jobs(service)
	must(t, err)
	return all[:count]
}

func hasty(more ...batchjobs.Option) []batchjobs.Option {
	return append(more, batchjobs.WithPollMin(50*time.Millisecond), batchjobs.WithPollMax(100*time.Millisecond))
}

func TestWait(t *testing.T) {
	for _, service := range listing {
		c := client(t, service, hasty()...)
		busy(t, service, 5)
		id := newest(t, service, 1)[0]
		time.AfterFunc(300*time.Millisecond, func() { advance(10) })
		var phases []batchjobs.Phase
		job, err := c.Wait(background, id, batchjobs.WithUpdates(func(job *batchjobs.Job) {
			if job.ID != id || job.Provider != service {
				t.Errorf("an update of %s", job.ID)
			}
			phases = append(phases, job.Phase)
		}))
		must(t, err)
		if job.Phase != batchjobs.PhaseDone || job.Outcome != batchjobs.OutcomeSucceeded {
			t.Errorf("%s: waited for a job that is %v %v", service, job.Phase, job.Outcome)
		}
		if len(phases) < 2 || phases[0] == batchjobs.PhaseDone || phases[len(phases)-1] != batchjobs.PhaseDone {
			t.Errorf("%s: updates %v", service, phases)
		}
		again, err := job.Wait(background)
		must(t, err)
		if again.ID != id {
			t.Errorf("%s: another job", service)
		}
	}
}

// A wait that ends too early tells how the job stood, whoever limited it.
func TestAWaitThatIsTooLong(t *testing.T) {
	c, id := client(t, "reach", hasty()...), sim.Sample("reach", "stuck_running")
	_, err := c.Wait(background, id, batchjobs.WithWaitTimeout(200*time.Millisecond))
	found := wantCode(t, err, batchjobs.ErrTimeout)
	if found.Details["phase"] != "running" || !found.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%+v", found)
	}
	ctx, cancel := context.WithTimeout(background, 300*time.Millisecond)
	defer cancel()
	_, err = c.Wait(ctx, id)
	found = wantCode(t, err, batchjobs.ErrTimeout)
	if found.Details["phase"] != "running" || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%+v", found)
	}
}

func TestAnUpdateMayCancel(t *testing.T) {
	c := client(t, "reach", hasty()...)
	ctx, cancel := context.WithCancel(background)
	_, err := c.Wait(ctx, sim.Sample("reach", "stuck_running"), batchjobs.WithUpdates(func(*batchjobs.Job) { cancel() }))
	wantCode(t, err, batchjobs.ErrCancelled)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v is not context.Canceled", err)
	}
}

func TestWaitMany(t *testing.T) {
	c := client(t, "reach", hasty()...)
	busy(t, "reach", 3, 6, 9)
	ids := append(newest(t, "reach", 3), "bat_no-such-job", sim.Sample("reach", "failed"))
	ids = append(ids, ids[0])
	time.AfterFunc(300*time.Millisecond, func() { advance(4) })
	time.AfterFunc(600*time.Millisecond, func() { advance(10) })
	finals := make(map[int]batchjobs.Event)
	progress := 0
	for event, err := range c.WaitMany(background, ids) {
		must(t, err)
		if event.ID != ids[event.Index] || (event.Job == nil) == (event.Err == nil) {
			t.Errorf("%+v", event)
		}
		if _, ended := finals[event.Index]; ended {
			t.Errorf("an event after the final one of place %d", event.Index)
		}
		if event.Final {
			finals[event.Index] = event
		} else {
			progress++
		}
	}
	if len(finals) != len(ids) || progress < 3 {
		t.Fatalf("%d of %d places have ended, with %d events before", len(finals), len(ids), progress)
	}
	for _, place := range []int{0, 1, 2, 5} {
		if job := finals[place].Job; job == nil || job.ID != ids[place] || job.Outcome != batchjobs.OutcomeSucceeded {
			t.Errorf("place %d: %+v, %v", place, job, finals[place].Err)
		}
	}
	wantCode(t, finals[3].Err, batchjobs.ErrNotFound)
	if job := finals[4].Job; job == nil || job.Outcome != batchjobs.OutcomeFailed {
		t.Errorf("the failed one: %+v, %v", job, finals[4].Err)
	}
}

func TestWaitManyEnds(t *testing.T) {
	c := client(t, "reach", hasty()...)
	ids := []string{sim.Sample("reach", "stuck_running"), sim.Sample("reach", "stuck_queued")}
	for range c.WaitMany(background, nil) {
		t.Error("an event of no job")
	}
	ends := 0
	for event, err := range c.WaitMany(background, ids, batchjobs.WithWaitTimeout(200*time.Millisecond)) {
		must(t, err)
		if event.Final {
			ends++
			wantCode(t, event.Err, batchjobs.ErrTimeout)
		}
	}
	if ends != 2 {
		t.Errorf("%d final events", ends)
	}
	ctx, cancel := context.WithTimeout(background, 300*time.Millisecond)
	defer cancel()
	err := last(c.WaitMany(ctx, ids))
	wantCode(t, err, batchjobs.ErrTimeout)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v is not context.DeadlineExceeded", err)
	}
	events := 0
	for _, err := range c.WaitMany(background, ids) {
		must(t, err)
		events++
		break // and the others are let go
	}
	if events != 1 {
		t.Errorf("%d events", events)
	}
	_, err = c.Job(background, ids[0])
	must(t, err)
}
