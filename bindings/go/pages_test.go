package batchjobs_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	batchjobs "github.com/libbatchjobs/libbatchjobs/bindings/go"
)

func ids(t *testing.T, c *batchjobs.Client, options ...batchjobs.Option) []string {
	t.Helper()
	var found []string
	for job, err := range c.Jobs(background, options...) {
		must(t, err)
		found = append(found, job.ID)
	}
	return found
}

func TestJobsAreThoseOfTheService(t *testing.T) {
	for _, service := range listing {
		truth, err := sim.Jobs(service)
		must(t, err)
		if found := ids(t, client(t, service)); !slices.Equal(found, truth) || len(truth) != 230 {
			t.Errorf("%s: %d jobs, which are not the %d of the service in their order", service, len(found), len(truth))
		}
	}
}

// A page's jobs come by columns, a single one by getters: both must be the same.
func TestAJobOfAPageIsTheJob(t *testing.T) {
	for _, service := range listing {
		c := client(t, service)
		for _, sample := range []string{"succeeded", "failed", "stuck_running", "unfulfilled", "pending", "partial"} {
			id := sim.Sample(service, sample)
			if id == "" {
				continue
			}
			single, err := c.Job(background, id)
			must(t, err)
			listed := find(t, c, id)
			if listed.Kind != single.Kind || listed.StatusWord != single.StatusWord || listed.Phase != single.Phase ||
				listed.Outcome != single.Outcome || listed.Counts.Total != single.Counts.Total ||
				!listed.Created.Equal(single.Created) || !listed.Finished.Equal(single.Finished) ||
				listed.Provider != single.Provider || listed.Provider != service {
				t.Errorf("%s %s: listed as\n%+v\nand single\n%+v", service, sample, listed, single)
			}
			if listed.Created.IsZero() || listed.Created.Location() != time.UTC || !json.Valid(listed.Raw()) {
				t.Errorf("%s %s: created %v, JSON %s", service, sample, listed.Created, listed.Raw())
			}
			if !strings.Contains(string(listed.Raw()), strings.Trim(quoted(id), `"`)) {
				t.Errorf("%s %s: its JSON is another job's: %s", service, sample, listed.Raw())
			}
		}
	}
}

func quoted(text string) string {
	data, _ := json.Marshal(text)
	return string(data)
}

func find(t *testing.T, c *batchjobs.Client, id string) *batchjobs.Job {
	t.Helper()
	for job, err := range c.Jobs(background) {
		must(t, err)
		if job.ID == id {
			return job
		}
	}
	t.Fatalf("%s is not listed", id)
	return nil
}

func TestAPageLeadsToTheNext(t *testing.T) {
	for _, service := range listing {
		c := client(t, service)
		all := ids(t, c)
		var found []string
		cursor := ""
		for turn := 0; turn < 3; turn++ {
			options := []batchjobs.Option{batchjobs.WithPageSize(50)}
			if cursor != "" {
				options = append(options, batchjobs.WithCursor(cursor))
			}
			// A new walk for each page, as another process would do.
			for page, err := range c.Pages(background, options...) {
				must(t, err)
				for _, job := range page.Jobs {
					found = append(found, job.ID)
				}
				if !json.Valid(page.Raw()) || len(page.Jobs) != 50 {
					t.Errorf("%s: a page of %d jobs, %.60s", service, len(page.Jobs), page.Raw())
				}
				cursor = page.NextCursor
				break
			}
		}
		if !slices.Equal(found, all[:150]) {
			t.Errorf("%s: three pages are not the first 150 jobs", service)
		}
	}
}

func TestTheLastPageHasNoCursor(t *testing.T) {
	c := client(t, "crustdata")
	last := ""
	for page, err := range c.Pages(background) {
		must(t, err)
		if last == "end" {
			t.Error("a page follows the one without a cursor")
		}
		if last = page.NextCursor; last == "" {
			last = "end"
		}
	}
	if last != "end" {
		t.Errorf("the last page leads to %q", last)
	}
}

func TestOptionsOfACallWin(t *testing.T) {
	c := client(t, "crustdata", batchjobs.WithMaxItems(10))
	if found := len(ids(t, c)); found != 10 {
		t.Errorf("%d jobs with the client's max_items of 10", found)
	}
	if found := len(ids(t, c, batchjobs.WithMaxItems(20))); found != 20 {
		t.Errorf("%d jobs with the call's max_items of 20", found)
	}
	for job, err := range c.Jobs(background, batchjobs.WithStatus("failed")) {
		must(t, err)
		if job.Outcome != batchjobs.OutcomeFailed || job.Phase != batchjobs.PhaseDone {
			t.Errorf("asked for failed ones, got %v %v", job.Phase, job.Outcome)
		}
	}
}

// Each range begins anew, also while another is amid the list.
func TestAWalkCanBeRepeated(t *testing.T) {
	c := client(t, "spidra")
	jobs := c.Jobs(background)
	outer := 0
	for _, err := range jobs {
		must(t, err)
		if outer++; outer != 120 {
			continue
		}
		inner := 0
		for _, err := range jobs {
			must(t, err)
			inner++
		}
		if inner != 230 {
			t.Errorf("a second walk amid the first found %d", inner)
		}
	}
	if outer != 230 {
		t.Errorf("the first found %d", outer)
	}
}

func TestAnErrorIsTheLastPair(t *testing.T) {
	c := client(t, "crustdata", batchjobs.WithPrefetch(0), batchjobs.WithMaxAttempts(1))
	fault(t, "crustdata", "list", "status", map[string]any{"status": 402, "after": 1, "times": -1})
	good, bad := 0, 0
	for job, err := range c.Jobs(background) {
		switch {
		case err == nil && bad == 0:
			good++
		case err != nil && job == nil:
			bad++
			found := wantCode(t, err, batchjobs.ErrPayment)
			if found.HTTPStatus != 402 || found.Provider != "crustdata" || found.URL == "" || found.Retryable() {
				t.Errorf("%+v", found)
			}
		default:
			t.Fatalf("%v and %v after %d errors", job, err, bad)
		}
	}
	if good != 100 || bad != 1 {
		t.Errorf("%d jobs and %d errors; one page has 100", good, bad)
	}
}

func TestAListThatIsNot(t *testing.T) {
	count := 0
	for _, err := range client(t, "veryfront").Jobs(background) {
		wantCode(t, err, batchjobs.ErrUnsupported)
		count++
	}
	if count != 1 {
		t.Errorf("%d pairs", count)
	}
}
