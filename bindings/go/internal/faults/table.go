package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

type object = map[string]any

// instances reads the table: one object for each case and binding, with every "$name" filled in.
func instances(path string) ([]object, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var table struct{ Cases []object }
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber() // numbers go on to the simulator as they are
	if err := decoder.Decode(&table); err != nil {
		return nil, err
	}
	var all []object
	for _, one := range table.Cases {
		for _, bound := range bindings(one) {
			all = append(all, instance(one, bound))
		}
	}
	return all, nil
}

// bindings gives every combination of a row of "each" with one value of each list of "vary".
func bindings(one object) []object {
	found := []object{{}}
	if rows, ok := one["each"].([]any); ok {
		found = nil
		for _, row := range rows {
			found = append(found, row.(object))
		}
	}
	vary, _ := one["vary"].(object)
	for _, name := range slices.Sorted(maps.Keys(vary)) {
		var longer []object
		for _, bound := range found {
			for _, value := range vary[name].([]any) {
				next := maps.Clone(bound)
				next[name] = value
				longer = append(longer, next)
			}
		}
		found = longer
	}
	return found
}

func instance(one, bound object) object {
	made := filled(one, bound).(object)
	var label []string
	for _, name := range slices.Sorted(maps.Keys(bound)) {
		text, _ := json.Marshal(bound[name])
		label = append(label, fmt.Sprintf("%s=%.60s", name, text))
	}
	made["label"] = strings.Join(label, " ")
	delete(made, "each")
	delete(made, "vary")
	return made
}

// filled gives a deep copy in which "$name" stands for the value that is bound to the name.
func filled(value any, bound object) any {
	switch value := value.(type) {
	case string:
		if name, ok := strings.CutPrefix(value, "$"); ok {
			found, ok := bound[name]
			if !ok {
				panic("the fault table binds no " + value)
			}
			return found
		}
	case object:
		made := make(object, len(value))
		for name, member := range value {
			if name != "each" && name != "vary" {
				made[name] = filled(member, bound)
			}
		}
		return made
	case []any:
		made := make([]any, len(value))
		for i, member := range value {
			made[i] = filled(member, bound)
		}
		return made
	}
	return value
}

// has tells whether a member that is a text or a list of texts is, or holds, this one.
func has(value any, text string) bool {
	switch value := value.(type) {
	case string:
		return value == text
	case []any:
		return slices.ContainsFunc(value, func(one any) bool { return has(one, text) })
	}
	return false
}

func textOf(one object, name, otherwise string) string {
	if text, ok := one[name].(string); ok {
		return text
	}
	return otherwise
}

func numberOf(value any) float64 {
	number, _ := value.(json.Number)
	found, _ := number.Float64()
	return found
}
