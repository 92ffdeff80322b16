package batchjobs_test

import (
	"testing"

	batchjobs "github.com/libbatchjobs/libbatchjobs/bindings/go"
)

func TestAJob(t *testing.T) {
	for _, service := range services {
		c := client(t, service)
		id := sim.Sample(service, "succeeded")
		job, err := c.Job(background, id)
		must(t, err)
		if job.ID != id || job.Provider != service || job.Phase != batchjobs.PhaseDone || job.Outcome != batchjobs.OutcomeSucceeded {
			t.Errorf("%+v", job)
		}
		var members map[string]any
		must(t, job.Decode(&members))
		if len(members) < 2 {
			t.Errorf("%s: its JSON has %d members", service, len(members))
		}
		again, err := job.Refresh(background)
		must(t, err)
		if again == job || again.ID != id {
			t.Errorf("%s: asked again it is %+v", service, again)
		}
	}
}

func TestWhatAServiceDoesNotGiveIsAbsent(t *testing.T) {
	job, err := client(t, "crustdata").Job(background, sim.Sample("crustdata", "stuck_running"))
	must(t, err)
	if !job.Finished.IsZero() || !job.Started.IsZero() || job.ErrorText != "" || job.Outcome != batchjobs.OutcomeNone {
		t.Errorf("a running job is told as %+v", job)
	}
	if job.Counts.Cancelled != -1 || job.Counts.Total < 0 {
		t.Errorf("counts %+v; crustdata gives no cancelled ones", job.Counts)
	}
}

func TestAJobThatIsNot(t *testing.T) {
	for _, service := range services {
		c := client(t, service)
		_, err := c.Job(background, "no-such-job")
		found := wantCode(t, err, batchjobs.ErrNotFound)
		if found.JobID != "no-such-job" || found.HTTPStatus != 404 || found.Timeout() || found.Retryable() {
			t.Errorf("%s: %+v", service, found)
		}
		if seen := requests(t, service, "get"); seen != 1 {
			t.Errorf("%s: %d requests", service, seen)
		}
	}
}

func TestAnErrorTellsWhatTheServiceSaid(t *testing.T) {
	c := client(t, "crustdata", batchjobs.WithMaxAttempts(1))
	fault(t, "crustdata", "get", "status", map[string]any{"status": 429, "retry_in": 7, "headers": map[string]string{"x-request-id": "r-7"}})
	_, err := c.Job(background, sim.Sample("crustdata", "succeeded"))
	found := wantCode(t, err, batchjobs.ErrRateLimited)
	if found.RetryAfter.Seconds() < 6 || found.RetryAfter.Seconds() > 8 || !found.Retryable() || found.RequestID != "r-7" {
		t.Errorf("%+v, after %v", found, found.RetryAfter)
	}
	c = client(t, "crustdata") // one that was not told to wait
	fault(t, "crustdata", "get", "mutate", map[string]any{"pointer": "/batch_id", "value": 7})
	_, err = c.Job(background, sim.Sample("crustdata", "succeeded"))
	found = wantCode(t, err, batchjobs.ErrProtocol)
	if found.Details["path"] != "/batch_id" {
		t.Errorf("details %v", found.Details)
	}
}
