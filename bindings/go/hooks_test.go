package batchjobs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	batchjobs "github.com/libbatchjobs/libbatchjobs/bindings/go"
)

type mark struct{}

// marked is a handler that notes what the context of a call holds.
type marked struct {
	slog.Handler
	mutex *sync.Mutex
	marks *[]any
}

func (m marked) Handle(ctx context.Context, record slog.Record) error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	*m.marks = append(*m.marks, ctx.Value(mark{}))
	return m.Handler.Handle(ctx, record)
}

func TestRequestsAndRetriesAreLogged(t *testing.T) {
	var text bytes.Buffer
	var marks []any
	handler := slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug})
	c := client(t, "crustdata", batchjobs.WithLogger(slog.New(marked{handler, new(sync.Mutex), &marks})))
	fault(t, "crustdata", "get", "status", map[string]any{"status": 503, "headers": map[string]string{"retry-after-ms": "1"}})
	ctx := context.WithValue(background, mark{}, "this call")
	for _, err := range c.Results(ctx, sim.Sample("crustdata", "succeeded")) {
		must(t, err)
	}
	lines := text.String()
	if strings.Count(lines, "level=WARN") != 1 || strings.Count(lines, "level=DEBUG") < 3 || !strings.Contains(lines, "provider=crustdata") {
		t.Errorf("one retry, an answer and files are logged as\n%s", lines)
	}
	if strings.Contains(lines, sim.Key("crustdata")) || strings.Contains(lines, "X-Amz-") {
		t.Errorf("a secret is logged\n%s", lines)
	}
	for _, found := range marks {
		if found != "this call" {
			t.Fatalf("a line is not of the call's context but of %v", found)
		}
	}
	// A logger that does not want to hear is not written to.
	text.Reset()
	quiet := slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelError}))
	_, err := client(t, "crustdata", batchjobs.WithLogger(quiet)).Job(background, sim.Sample("crustdata", "succeeded"))
	must(t, err)
	if text.Len() != 0 {
		t.Errorf("logged nevertheless: %s", text.String())
	}
}

// A handler may use the client; the library does not log what happens there.
func TestALoggerMayUseTheClient(t *testing.T) {
	var c *batchjobs.Client
	var inner []error
	handler := func(record slog.Record) {
		_, err := c.Job(background, sim.Sample("reach", "succeeded"))
		inner = append(inner, err)
	}
	c = client(t, "reach", batchjobs.WithLogger(slog.New(calling(handler))))
	fault(t, "reach", "get", "status", map[string]any{"status": 503, "headers": map[string]string{"retry-after-ms": "1"}})
	_, err := c.Job(background, sim.Sample("reach", "succeeded"))
	must(t, err)
	// A refused request, a retry and an answer: the hook is found again after the call within.
	if len(inner) < 3 || errors.Join(inner...) != nil {
		t.Errorf("%d calls within, %v", len(inner), errors.Join(inner...))
	}
}

type calling func(slog.Record)

func (calling) Enabled(context.Context, slog.Level) bool             { return true }
func (f calling) Handle(_ context.Context, record slog.Record) error { f(record); return nil }
func (f calling) WithAttrs([]slog.Attr) slog.Handler                 { return f }
func (f calling) WithGroup(string) slog.Handler                      { return f }

func TestATokenProviderRefreshes(t *testing.T) {
	must(t, sim.Calm())
	calls := 0
	var seen any
	c, err := batchjobs.New("crustdata", batchjobs.WithAPIKey("expired"), batchjobs.WithBaseURL(sim.Fact("crustdata")),
		batchjobs.WithTokenProvider(func(ctx context.Context) (string, error) {
			calls++
			seen = ctx.Value(mark{})
			return sim.Key("crustdata"), nil
		}))
	must(t, err)
	defer c.Close()
	for range 3 {
		_, err = c.Job(context.WithValue(background, mark{}, "this call"), sim.Sample("crustdata", "succeeded"))
		must(t, err)
	}
	if calls != 1 || seen != "this call" {
		t.Errorf("asked %d times, in the context of %v", calls, seen)
	}
}

func TestATokenProviderThatFails(t *testing.T) {
	must(t, sim.Calm())
	reason := errors.New("the vault is sealed")
	for _, token := range []string{"", "bad\ntoken", strings.Repeat("x", 20000)} {
		c, err := batchjobs.New("crustdata", batchjobs.WithAPIKey("expired"), batchjobs.WithBaseURL(sim.Fact("crustdata")),
			batchjobs.WithTokenProvider(func(context.Context) (string, error) {
				if token == "" {
					return "", reason
				}
				return token, nil
			}))
		must(t, err)
		_, err = c.Job(background, sim.Sample("crustdata", "succeeded"))
		wantCode(t, err, batchjobs.ErrUnauthenticated)
		if errors.Is(err, reason) != (token == "") {
			t.Errorf("with the token %.10q: %v", token, err)
		}
		wantCode(t, last(c.Jobs(background)), batchjobs.ErrUnauthenticated)
		c.Close()
	}
}

// A panic of a hook comes out of the call that it ran in, and leaves the client as it was.
func TestPanicsOfHooksAreCarriedThrough(t *testing.T) {
	must(t, sim.Calm())
	before := descriptors(t)
	angry := true
	explode := func() {
		if angry {
			panic("in a hook")
		}
	}
	c, err := batchjobs.New("crustdata", batchjobs.WithAPIKey("expired"), batchjobs.WithBaseURL(sim.Fact("crustdata")),
		batchjobs.WithTokenProvider(func(context.Context) (string, error) { explode(); return sim.Key("crustdata"), nil }))
	must(t, err)
	defer c.Close()
	logging := client(t, "crustdata", batchjobs.WithLogger(slog.New(calling(func(slog.Record) { explode() }))))
	plain := client(t, "crustdata")
	id, path := sim.Sample("crustdata", "succeeded"), filepath.Join(t.TempDir(), "records")
	update := batchjobs.WithUpdates(func(*batchjobs.Job) { explode() })
	progress := batchjobs.WithProgress(func(batchjobs.Progress) { explode() })
	calls := map[string]func() error{
		"token":          func() error { _, err := c.Job(background, id); return err },
		"log":            func() error { _, err := logging.Job(background, id); return err },
		"log of a list":  func() error { return last(logging.Jobs(background)) },
		"log of results": func() error { return last(logging.Results(background, id)) },
		"update":         func() error { _, err := plain.Wait(background, id, update); return err },
		"progress":       func() error { return plain.Save(background, id, path, progress, batchjobs.WithOverwrite(true)) },
	}
	for name, call := range calls {
		angry = true
		func() {
			defer func() {
				if value := recover(); value != "in a hook" {
					t.Errorf("%s: the call panics with %v", name, value)
				}
			}()
			t.Errorf("%s: the call returned %v", name, call())
		}()
	}
	angry = false
	for name, call := range calls {
		if err := call(); err != nil {
			t.Errorf("%s, calm again: %v", name, err)
		}
	}
	for _, each := range []*batchjobs.Client{c, logging, plain} {
		must(t, each.Close())
	}
	if after := descriptors(t); after > before+4 {
		t.Errorf("%d descriptors where there were %d", after, before)
	}
}

// A call that no context could end does not go on behind a panic.
func TestAPanicEndsALongCall(t *testing.T) {
	c := client(t, "crustdata", batchjobs.WithLogger(slog.New(calling(func(slog.Record) { panic("in a hook") }))))
	within(t, 2*time.Second, "a wait whose logger panics", func() {
		defer func() {
			if value := recover(); value != "in a hook" {
				t.Errorf("the call panics with %v", value)
			}
		}()
		c.Wait(background, sim.Sample("crustdata", "stuck_running"), batchjobs.WithWaitTimeout(10*time.Second))
	})
}
