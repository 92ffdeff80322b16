// Faults runs the fault table (Tests/faults/README.md) through the Go package:
//
//	SIMULATOR=facts.json FAULTS_RESULTS=go-1.jsonl FAULTS_SHARD=1/4 faults TABLE
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/libbatchjobs/libbatchjobs/bindings/go/internal/simulator"
)

var (
	sim      *simulator.Simulator
	services = []string{"crustdata", "spidra", "reach", "veryfront"}
)

// A tally counts, and writes a line for each instance into a file for the grid of all runners.
type tally struct {
	passed, failed, skipped int
	results                 *json.Encoder
}

func (t *tally) add(r *run, outcome, name string, took time.Duration) {
	switch outcome {
	case "passed":
		t.passed++
	case "failed":
		t.failed++
	case "skipped":
		t.skipped++
	}
	if t.results != nil {
		t.results.Encode(object{"row": r.one["row"], "case": name, "service": r.service, "operation": r.operation,
			"outcome": outcome, "ms": took.Milliseconds()})
	}
}

func (t *tally) run(r *run) {
	name := fmt.Sprintf("%v %s", r.one["row"], textOf(r.one, "name", "?"))
	if label := textOf(r.one, "label", ""); label != "" {
		name += " [" + label + "]"
	}
	name += ", " + r.service + " " + r.operation
	if !strings.Contains(name, os.Getenv("TEST_ONLY")) {
		return
	}
	if sim.Sample(r.service, r.sample) == "" {
		fmt.Fprintf(os.Stderr, "skipped: %s: no such job\n", name)
		t.add(r, "skipped", name, 0)
		return
	}
	began := time.Now()
	problems, outcome := r.do(), "passed"
	if len(problems) > 0 {
		outcome = "failed"
		fmt.Fprintf(os.Stderr, "failed: %s\n    %s\n", name, strings.Join(problems, "\n    "))
	}
	t.add(r, outcome, name, time.Since(began))
}

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 {
		log.Fatal("usage: faults TABLE")
	}
	var err error
	if sim, err = simulator.Read(os.Getenv("SIMULATOR")); err != nil {
		log.Fatal(err)
	}
	all, err := instances(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	counts := &tally{}
	if path := os.Getenv("FAULTS_RESULTS"); path != "" {
		file, err := os.Create(path)
		if err != nil {
			log.Fatal(err)
		}
		defer file.Close()
		counts.results = json.NewEncoder(file)
	}
	part, parts, place := 1, 1, 0
	fmt.Sscanf(os.Getenv("FAULTS_SHARD"), "%d/%d", &part, &parts)
	secure := strings.HasPrefix(sim.Fact("storage"), "https")
	for _, one := range all {
		if _, ok := one["program"]; ok { // a C test shows it
			continue
		}
		// What only the other simulator can show is left to it.
		if wanted, _ := one["tls"].(bool); wanted != secure {
			continue
		}
		for _, service := range one["services"].([]any) {
			for _, operation := range one["operations"].([]any) {
				if place++; (place-1)%parts == part-1 {
					counts.run(&run{one: one, service: service.(string), operation: operation.(string),
						sample: textOf(one, "sample", "succeeded")})
				}
			}
		}
	}
	fmt.Printf("faults: %d passed, %d failed, %d skipped\n", counts.passed, counts.failed, counts.skipped)
	if counts.failed > 0 {
		os.Exit(1)
	}
}
