// Package simulator starts the repository's simulated services (Tests/simulator) and talks to them.
package simulator

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
)

// ErrNone says that there is no simulator here: the package was taken out of its repository.
var ErrNone = errors.New("no Tests/simulator above this directory")

// A Simulator is a running one.
type Simulator struct {
	facts   map[string]any
	command *exec.Cmd
	guard   io.Closer
}

// Repository gives the folder that holds Tests/simulator, above the working directory.
func Repository() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "Tests", "simulator")); err == nil {
			return folder, nil
		}
		if folder == filepath.Dir(folder) {
			return "", ErrNone
		}
		folder = filepath.Dir(folder)
	}
}

// Start starts a simulator, which ends with this process at the latest.
func Start(arguments ...string) (*Simulator, error) {
	root, err := Repository()
	if err != nil {
		return nil, err
	}
	all := append([]string{filepath.Join(root, "Tests", "simulator"), "--stdin-guard"}, arguments...)
	command := exec.Command("python3", all...)
	command.Stderr = os.Stderr
	guard, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("the simulator said nothing: %w", err)
	}
	s := &Simulator{command: command, guard: guard}
	return s, json.Unmarshal(line, &s.facts)
}

// Read takes the facts of a simulator that runs already from the file that it was told to write.
func Read(path string) (*Simulator, error) {
	line, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &Simulator{}
	return s, json.Unmarshal(line, &s.facts)
}

// Stop ends a simulator that was started.
func (s *Simulator) Stop() {
	s.guard.Close()
	s.command.Wait()
}

// Fact gives a text of the ready line, such as "crustdata" or "project".
func (s *Simulator) Fact(name string) string { return text(s.facts[name]) }

// Key gives the key of a service.
func (s *Simulator) Key(service string) string { return text(member(s.facts["keys"], service)) }

// Sample gives the id of one of a service's sample jobs; empty where it has none such.
func (s *Simulator) Sample(service, kind string) string {
	return text(member(member(s.facts["samples"], service), kind))
}

func member(value any, name string) any {
	object, _ := value.(map[string]any)
	return object[name]
}

func text(value any) string {
	found, _ := value.(string)
	return found
}

// Control asks the control origin, and reads its answer into a value that is not nil.
func (s *Simulator) Control(method, path string, body, into any) error {
	var sent io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(data)
	}
	request, err := http.NewRequest(method, s.Fact("control")+path, sent)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, path, data)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(data, into)
}

// Calm takes back all faults, and forgets all requests.
func (s *Simulator) Calm() error {
	if err := s.Control("DELETE", "/faults", nil, nil); err != nil {
		return err
	}
	return s.Control("DELETE", "/requests", nil, nil)
}

// A Request is one that the simulator has seen.
type Request struct {
	Service, Operation, Target string
	Status                     int
	Headers                    [][]string
}

// Requests gives those since the last Calm, and the simulator's counters.
func (s *Simulator) Requests() ([]Request, map[string]int, error) {
	var found struct {
		Requests []Request
		Counters map[string]int
	}
	err := s.Control("GET", "/requests", nil, &found)
	return found.Requests, found.Counters, err
}

// Jobs gives the ids of a service's jobs, in its order.
func (s *Simulator) Jobs(service string) (ids []string, err error) {
	return ids, s.Control("GET", "/truth/"+service+"/jobs", nil, &ids)
}

// A Truth is what the records of a job are.
type Truth struct {
	Count    int
	Records  [][]byte
	Outcomes []string
	Keys     []string
}

// Records gives at most so many records of a job.
func (s *Simulator) Records(service, id string, most int) (*Truth, error) {
	var found struct {
		Count          int
		Records        []string
		Outcomes, Keys []*string
	}
	path := fmt.Sprintf("/truth/%s/results/%s?limit=%d", service, url.PathEscape(id), most)
	if err := s.Control("GET", path, nil, &found); err != nil {
		return nil, err
	}
	truth := &Truth{Count: found.Count, Outcomes: texts(found.Outcomes), Keys: texts(found.Keys)}
	for _, record := range found.Records {
		data, err := base64.StdEncoding.DecodeString(record)
		if err != nil {
			return nil, err
		}
		truth.Records = append(truth.Records, data)
	}
	return truth, nil
}

func texts(from []*string) []string {
	var found []string
	for _, one := range from {
		if one == nil {
			found = append(found, "")
		} else {
			found = append(found, *one)
		}
	}
	return found
}
