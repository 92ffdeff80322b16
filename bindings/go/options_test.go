package batchjobs_test

import (
	"strings"
	"testing"

	batchjobs "github.com/libbatchjobs/libbatchjobs/bindings/go"
)

// Each option is the one it is named after: given what it cannot be, the error names it.
func TestOptionsAreWhatTheyAreNamed(t *testing.T) {
	const nul = "a\x00b"
	for name, option := range map[string]batchjobs.Option{
		"api_key": batchjobs.WithAPIKey(nul), "base_url": batchjobs.WithBaseURL(nul), "tenant_id": batchjobs.WithTenantID(nul),
		"project": batchjobs.WithProject(nul), "cursor": batchjobs.WithCursor(nul), "status": batchjobs.WithStatus(nul),
		"kind": batchjobs.WithKind(nul), "result_hosts": batchjobs.WithResultHosts(nul), "resume": batchjobs.WithResume(nul),
		"user_agent": batchjobs.WithUserAgent(nul), "proxy": batchjobs.WithProxy(nul), "ca_file": batchjobs.WithCAFile(nul),
		"ca_dir": batchjobs.WithCADir(nul), "header.X": batchjobs.WithHeader("X", nul),
		"sort_by": batchjobs.WithSortBy("x"), "sort_direction": batchjobs.WithSortDirection("x"),
		"save_format": batchjobs.WithSaveFormat("x"), "http_version": batchjobs.WithHTTPVersion("x"),
		"page_size": batchjobs.WithPageSize(-1), "max_items": batchjobs.WithMaxItems(-1), "max_pages": batchjobs.WithMaxPages(-1),
		"prefetch": batchjobs.WithPrefetch(-1), "max_attempts": batchjobs.WithMaxAttempts(-1),
		"max_requests": batchjobs.WithMaxRequests(-1), "max_concurrent_requests": batchjobs.WithMaxConcurrentRequests(-1),
		"max_response_bytes": batchjobs.WithMaxResponseBytes(-1), "max_record_bytes": batchjobs.WithMaxRecordBytes(-1),
		"max_gzip_ratio": batchjobs.WithMaxGzipRatio(-1), "parallel_parts": batchjobs.WithParallelParts(-1),
		"read_ahead_bytes": batchjobs.WithReadAheadBytes(-1), "timeout_ms": batchjobs.WithTimeout(-1),
		"wait_timeout_ms": batchjobs.WithWaitTimeout(-1), "poll_min_ms": batchjobs.WithPollMin(-1),
		"poll_max_ms": batchjobs.WithPollMax(-1), "max_requests_interval_ms": batchjobs.WithMaxRequestsInterval(-1),
		"connect_timeout_ms": batchjobs.WithConnectTimeout(-1), "first_byte_timeout_ms": batchjobs.WithFirstByteTimeout(-1),
		"stall_timeout_ms": batchjobs.WithStallTimeout(-1),
	} {
		_, err := batchjobs.New("reach", option, batchjobs.WithAPIKey("k"))
		if found := wantCode(t, err, batchjobs.ErrArgument); !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %s", name, found.Message)
		}
	}
}

func TestBooleansReachTheService(t *testing.T) {
	c := client(t, "reach")
	all, held := ids(t, c), ids(t, c, batchjobs.WithOnlyPending(true), batchjobs.WithIncludePending(true))
	if len(held) == 0 || len(held) >= len(all) {
		t.Errorf("%d of %d jobs hold pending records", len(held), len(all))
	}
	seen, _, err := sim.Requests()
	must(t, err)
	if last := seen[len(seen)-1].Target; !strings.Contains(strings.ToLower(last), "pending") {
		t.Errorf("the last request was %s", last)
	}
}

// A header of the caller's goes to the service, and never to the host of a file.
func TestAHeaderGoesToTheService(t *testing.T) {
	c := client(t, "crustdata", batchjobs.WithHeader("X-Team", "blue"))
	_ = collect(t, c.Results(background, sim.Sample("crustdata", "succeeded")))
	seen, counters, err := sim.Requests()
	must(t, err)
	for _, one := range seen {
		has := false
		for _, header := range one.Headers {
			has = has || strings.EqualFold(header[0], "X-Team") && header[1] == "blue"
		}
		if has != (one.Service == "crustdata") {
			t.Errorf("the header went to %s: %v", one.Service, has)
		}
	}
	if len(seen) < 2 || counters["credentials_at_storage"] != 0 {
		t.Errorf("%d requests, %v", len(seen), counters)
	}
}

func TestWhatAServiceAccepts(t *testing.T) {
	if batchjobs.Accepts("veryfront\x00x", "project") || batchjobs.Accepts("veryfront", "project\x00") {
		t.Error("what stands behind a NUL is not looked at")
	}
	if !batchjobs.Accepts("veryfront", "project") || batchjobs.Accepts("spidra", "project") || batchjobs.Accepts("nobody", "project") {
		t.Error("veryfront alone takes a project")
	}
}
