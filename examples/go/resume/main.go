// Reads the records of a job in several runs: each takes up where the one before left off.
//
//	BATCHJOBS_API_KEY=... resume crustdata ID FILE [MOST [NAME=VALUE]...]
//
// At most MOST records are written, one a line; FILE then holds the place reached, as a token. Any
// program over the library goes on from it, whatever its language: examples/c/resume.c does.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"math"
	"os"
	"os/signal"
	"strconv"
	"strings"

	batchjobs "github.com/libbatchjobs/libbatchjobs/bindings/go"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 4 {
		log.Fatal("usage: resume SERVICE ID FILE [MOST [NAME=VALUE]...]")
	}
	service, id, file, most := os.Args[1], os.Args[2], os.Args[3], math.MaxInt
	options := []batchjobs.Option{batchjobs.WithAPIKey(os.Getenv("BATCHJOBS_API_KEY"))}
	if len(os.Args) > 4 {
		var err error
		if most, err = strconv.Atoi(os.Args[4]); err != nil {
			log.Fatal(err)
		}
		for _, setting := range os.Args[5:] {
			name, value, _ := strings.Cut(setting, "=")
			options = append(options, batchjobs.WithOption(name, value))
		}
	}
	client, err := batchjobs.New(service, options...)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	var place []batchjobs.Option
	token, err := os.ReadFile(file)
	if err == nil {
		place = append(place, batchjobs.WithResume(strings.TrimSpace(string(token))))
	} else if !errors.Is(err, fs.ErrNotExist) {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	results, err := client.OpenResults(ctx, id, place...)
	if err != nil {
		log.Fatal(err)
	}
	defer results.Close()

	var problem error
	for range most {
		var record batchjobs.Record
		if record, problem = results.Next(); problem != nil {
			break
		}
		if _, err := fmt.Printf("%s\n", record.Bytes()); err != nil {
			log.Fatal(err)
		}
	}
	// Also after an error: the records before it were good.
	reached, err := results.Token()
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(reached), 0o600); err != nil {
		log.Fatal(err)
	}
	if problem != nil && problem != io.EOF {
		log.Fatal(problem)
	}
	log.Println(results.Progress().Records, "records so far,", results.Verdict())
}
