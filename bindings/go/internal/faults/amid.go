package main

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// By then a call that waits for its answer is under way.
const moment = 60 * time.Millisecond

// amid lets happen to the program what the member amid of a case says, while a call is under way with the
// context that it gives. What it gives besides ends that, and must be called.
func (r *run) amid(what string) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	switch what {
	case "cancel":
		time.AfterFunc(moment, cancel)
	case "fork":
		return ctx, r.haveChild(cancel)
	case "signals":
		return ctx, r.signals(cancel)
	case "no_descriptors":
		return ctx, r.takeDescriptors(cancel)
	}
	return ctx, cancel
}

// haveChild starts a program: Go knows no other fork.
func (r *run) haveChild(cancel func()) func() {
	ended := make(chan error, 1)
	time.AfterFunc(moment, func() { ended <- exec.Command("true").Run() })
	return func() {
		r.fail(<-ended)
		cancel()
	}
}

func (r *run) signals(cancel func()) func() {
	seen, count := make(chan os.Signal, 16), 0
	signal.Notify(seen, syscall.SIGALRM)
	ticker := time.NewTicker(time.Millisecond)
	ended, counted := make(chan bool), make(chan bool)
	go func() {
		defer close(counted)
		for {
			select {
			case <-ticker.C:
				syscall.Kill(os.Getpid(), syscall.SIGALRM)
			case <-seen:
				count++
			case <-ended:
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(ended)
		<-counted
		signal.Stop(seen)
		r.hold(count >= 10, "%d signals came", count)
		cancel()
	}
}

func (r *run) takeDescriptors(cancel func()) func() {
	// What Go closes behind our back would leave one.
	http.DefaultClient.CloseIdleConnections()
	time.Sleep(moment)
	lowest, err := syscall.Dup(0)
	r.fail(err)
	syscall.Close(lowest)
	var before syscall.Rlimit
	r.fail(syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before))
	r.fail(syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: uint64(lowest), Max: before.Max}))
	return func() {
		r.fail(syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before))
		cancel()
	}
}
