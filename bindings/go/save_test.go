package batchjobs_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	batchjobs "github.com/libbatchjobs/libbatchjobs/bindings/go"
)

func TestSave(t *testing.T) {
	for _, service := range services {
		c, path := client(t, service), filepath.Join(t.TempDir(), "records.jsonl")
		var seen []batchjobs.Progress
		progress := batchjobs.WithProgress(func(p batchjobs.Progress) { seen = append(seen, p) })
		must(t, c.Save(background, sim.Sample(service, "large"), path, progress))
		found, err := os.ReadFile(path)
		must(t, err)
		wanted := truth(t, service, "large").Records
		if !bytes.Equal(found, append(bytes.Join(wanted, []byte{'\n'}), '\n')) {
			t.Errorf("%s: %d bytes, which are not the records", service, len(found))
		}
		if last := seen[len(seen)-1]; last.Records != int64(len(wanted)) || last.Bytes <= 0 {
			t.Errorf("%s: at its end %+v", service, last)
		}
		err = c.Save(background, sim.Sample(service, "large"), path)
		wantCode(t, err, batchjobs.ErrArgument)
		must(t, c.Save(background, sim.Sample(service, "succeeded"), path, batchjobs.WithOverwrite(true)))
	}
}

func TestSaveGoesOn(t *testing.T) {
	c, path := client(t, "crustdata", batchjobs.WithMaxAttempts(1)), filepath.Join(t.TempDir(), "records.jsonl")
	id := sim.Sample("crustdata", "large")
	fault(t, "storage", "results", "cut", map[string]any{"bytes": 3000, "of": "body", "times": -1, "path": "part-010"})
	wantCode(t, c.Save(background, id, path), batchjobs.ErrTruncated)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a file under the final name: %v", err)
	}
	must(t, sim.Calm())
	must(t, c.Save(background, id, path))
	if seen := requests(t, "storage", "results"); seen > 14 {
		t.Errorf("%d files were asked for, ten of the twenty had been saved", seen)
	}
	found, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Equal(found, append(bytes.Join(truth(t, "crustdata", "large").Records, []byte{'\n'}), '\n')) {
		t.Errorf("%d bytes, which are not the records", len(found))
	}
}

func TestAFileThatCannotBeWritten(t *testing.T) {
	c := client(t, "reach")
	err := c.Save(background, sim.Sample("reach", "large"), filepath.Join(t.TempDir(), "no", "folder"))
	wantCode(t, err, batchjobs.ErrFile)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
}

func TestSaveEndsWithItsContext(t *testing.T) {
	c := client(t, "crustdata")
	fault(t, "storage", "results", "slow", map[string]any{"rate": 2000, "times": -1})
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	err := c.Save(ctx, sim.Sample("crustdata", "large"), filepath.Join(t.TempDir(), "records.jsonl"),
		batchjobs.WithProgress(func(batchjobs.Progress) { cancel() }))
	wantCode(t, err, batchjobs.ErrCancelled)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v is not context.Canceled", err)
	}
}
