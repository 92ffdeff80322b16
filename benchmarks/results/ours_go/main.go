// The Go package over libbatchjobs: every record of a job; with "reuse" behind the id they share
// memory, as those of a bufio.Scanner do.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	batchjobs "github.com/libbatchjobs/libbatchjobs/bindings/go"
)

func main() {
	client, err := batchjobs.New("crustdata", batchjobs.WithAPIKey("key"), batchjobs.WithBaseURL(os.Args[1]))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	var options []batchjobs.Option
	if len(os.Args) > 3 {
		options = append(options, batchjobs.WithReuse())
	}
	var records, size int64
	for record, err := range client.Results(context.Background(), os.Args[2], options...) {
		if err != nil {
			log.Fatal(err)
		}
		records++
		size += int64(len(record.Bytes()))
	}
	fmt.Println(records, size)
}
