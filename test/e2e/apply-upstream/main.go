// Plays steps of apply and update with upstream's own structured-merge-diff. One case per line of JSON, and one line back.
package main

import (
	"bufio"
	"encoding/json"
	"os"

	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v4/merge"
	"sigs.k8s.io/structured-merge-diff/v4/typed"
)

const version = fieldpath.APIVersion("v1")

type step struct {
	Manager string                 `json:"manager"`
	Apply   bool                   `json:"apply"`
	Force   bool                   `json:"force"`
	Object  map[string]interface{} `json:"object"`
}

type play struct {
	Schema json.RawMessage `json:"schema"`
	Steps  []step          `json:"steps"`
}

type outcome struct {
	Error     string                     `json:"error,omitempty"`
	Conflicts []string                   `json:"conflicts"`
	Live      interface{}                `json:"live"`
	Managers  map[string]json.RawMessage `json:"managers"`
}

// One version, so nothing is to be converted.
type sameVersion struct{}

func (sameVersion) Convert(v *typed.TypedValue, _ fieldpath.APIVersion) (*typed.TypedValue, error) {
	return v, nil
}

func (sameVersion) IsMissingVersionError(error) bool { return false }

// As the API server does when it reads the result into its types: null is absent.
func withoutNulls(value interface{}) interface{} {
	switch v := value.(type) {
	case map[string]interface{}:
		kept := map[string]interface{}{}
		for key, inner := range v {
			if inner != nil {
				kept[key] = withoutNulls(inner)
			}
		}
		return kept
	case []interface{}:
		kept := make([]interface{}, 0, len(v))
		for _, inner := range v {
			kept = append(kept, withoutNulls(inner))
		}
		return kept
	default:
		return value
	}
}

// An object of which nothing is left is still one.
func plain(value *typed.TypedValue) interface{} {
	text, err := json.Marshal(value.AsValue().Unstructured())
	if err != nil {
		panic(err)
	}
	var decoded interface{}
	if err := json.Unmarshal(text, &decoded); err != nil {
		panic(err)
	}
	if decoded == nil {
		return map[string]interface{}{}
	}
	return withoutNulls(decoded)
}

func clone(managers fieldpath.ManagedFields) fieldpath.ManagedFields {
	copied := fieldpath.ManagedFields{}
	for name, set := range managers {
		copied[name] = set
	}
	return copied
}

// The paths of merge.Conflicts share memory in this version and are overwritten: they are told anew from the forced result.
func conflictsOf(u merge.Updater, live, object *typed.TypedValue, managers fieldpath.ManagedFields, by string) []string {
	forced, _, err := u.Apply(live, object, version, clone(managers), by, true)
	if err != nil {
		panic(err)
	}
	compared, err := live.Compare(forced)
	if err != nil {
		panic(err)
	}
	told := []string{}
	for name, set := range managers {
		if name == by {
			continue
		}
		set.Set().Intersection(compared.Modified.Union(compared.Added)).Iterate(func(p fieldpath.Path) {
			told = append(told, name+" "+p.String())
		})
	}
	return told
}

func describe(managers fieldpath.ManagedFields) map[string]json.RawMessage {
	told := map[string]json.RawMessage{}
	for name, set := range managers {
		text, err := set.Set().ToJSON()
		if err != nil {
			panic(err)
		}
		told[name] = text
	}
	return told
}

func run(p play) []outcome {
	parser, err := typed.NewParser(typed.YAMLObject(p.Schema))
	if err != nil {
		return []outcome{{Error: err.Error()}}
	}
	kind := parser.Type("object")
	updater := merge.Updater{Converter: sameVersion{}}
	live, err := kind.FromUnstructured(map[string]interface{}{})
	if err != nil {
		return []outcome{{Error: err.Error()}}
	}
	managers := fieldpath.ManagedFields{}
	outcomes := []outcome{}
	for _, s := range p.Steps {
		told := outcome{Conflicts: []string{}}
		object, err := kind.FromUnstructured(s.Object)
		var next *typed.TypedValue
		var after fieldpath.ManagedFields
		if err == nil && s.Apply {
			next, after, err = updater.Apply(live, object, version, clone(managers), s.Manager, s.Force)
		} else if err == nil {
			next, after, err = updater.Update(live, object, version, clone(managers), s.Manager)
		}
		if _, ok := err.(merge.Conflicts); ok {
			told.Conflicts = conflictsOf(updater, live, object, managers, s.Manager)
		} else if err != nil {
			told.Error = err.Error()
		} else {
			managers = after
			if next != nil {
				if live, err = kind.FromUnstructured(plain(next)); err != nil {
					told.Error = err.Error()
				}
			}
		}
		told.Live = plain(live)
		told.Managers = describe(managers)
		outcomes = append(outcomes, told)
	}
	return outcomes
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<26)
	out := bufio.NewWriter(os.Stdout)
	for in.Scan() {
		var p play
		if err := json.Unmarshal(in.Bytes(), &p); err != nil {
			panic(err)
		}
		text, err := json.Marshal(run(p))
		if err != nil {
			panic(err)
		}
		out.Write(append(text, '\n'))
		out.Flush()
	}
}
