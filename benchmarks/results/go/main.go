// What a Go program does without us: net/http, compress/gzip and bufio.Scanner.
package main

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"log"
	"net/http"
	"os"
)

func read(client *http.Client, link string) (records, size int64, err error) {
	response, err := client.Get(link)
	if err != nil {
		return 0, 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, 0, fmt.Errorf("%s", response.Status)
	}
	lines, err := gzip.NewReader(response.Body)
	if err != nil {
		return 0, 0, err
	}
	scanner := bufio.NewScanner(lines)
	// Without this a line beyond 64 KiB ends the loop.
	scanner.Buffer(make([]byte, 0, 64<<10), 64<<20)
	for scanner.Scan() {
		records++
		size += int64(len(scanner.Bytes()))
	}
	return records, size, scanner.Err()
}

func main() {
	client := &http.Client{}
	var records, size int64
	for _, link := range os.Args[1:] {
		r, s, err := read(client, link)
		if err != nil {
			log.Fatal(err)
		}
		records += r
		size += s
	}
	fmt.Println(records, size)
}
