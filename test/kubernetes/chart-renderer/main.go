// Renders the chart as `helm template loadswarm CHART --namespace NAMESPACE` does, where there is no helm: it is made of the
// same template engine, the same functions and a validator of the same schema, a twentieth of what helm takes to be built.
// Usage: go run . CHART NAMESPACE [KEY=JSON…]
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"github.com/santhosh-tekuri/jsonschema/v5"
	"sigs.k8s.io/yaml"
)

type object = map[string]any

// files are the chart's own, by their paths in it.
type files string

func (root files) Get(name string) string {
	content, err := os.ReadFile(filepath.Join(string(root), name))
	if err != nil {
		return ""
	}
	return string(content)
}

func main() {
	if err := render(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func render(chart, namespace string, sets []string) error {
	values, err := valuesOf(chart, sets)
	if err != nil {
		return err
	}
	about, err := read(filepath.Join(chart, "Chart.yaml"))
	if err != nil {
		return err
	}
	all := template.New("chart").Option("missingkey=zero")
	all.Funcs(functions(all))
	sources, err := filepath.Glob(filepath.Join(chart, "templates", "*"))
	if err != nil {
		return err
	}
	for _, source := range sources {
		text, err := os.ReadFile(source)
		if err != nil {
			return err
		}
		if _, err := all.New(filepath.Base(source)).Parse(string(text)); err != nil {
			return err
		}
	}
	top := object{
		"Values":  values,
		"Files":   files(chart),
		"Release": object{"Name": "loadswarm", "Namespace": namespace, "Service": "Helm"},
		"Chart":   object{"Name": about["name"], "Version": about["version"], "AppVersion": about["appVersion"]},
	}
	for _, source := range sources {
		if filepath.Ext(source) != ".yaml" {
			continue
		}
		var text strings.Builder
		if err := all.ExecuteTemplate(&text, filepath.Base(source), top); err != nil {
			return err
		}
		fmt.Printf("---\n%s\n", strings.ReplaceAll(text.String(), "<no value>", ""))
	}
	return nil
}

// functions are sprig's, but for those that helm takes away, and what helm adds as far as the chart uses it.
func functions(all *template.Template) template.FuncMap {
	known := sprig.TxtFuncMap()
	delete(known, "env")
	delete(known, "expandenv")
	known["include"] = func(name string, data any) (string, error) {
		var text strings.Builder
		err := all.ExecuteTemplate(&text, name, data)
		return text.String(), err
	}
	known["required"] = func(message string, value any) (any, error) {
		if value == nil || value == "" {
			return nil, errors.New(message)
		}
		return value, nil
	}
	known["toYaml"] = func(value any) (string, error) {
		text, err := yaml.Marshal(value)
		return strings.TrimSuffix(string(text), "\n"), err
	}
	known["fromYaml"] = func(text string) (object, error) {
		value := object{}
		return value, yaml.Unmarshal([]byte(text), &value)
	}
	return known
}

// valuesOf are the chart's with those that were set, checked against its schema.
func valuesOf(chart string, sets []string) (object, error) {
	values, err := read(filepath.Join(chart, "values.yaml"))
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		key, text, _ := strings.Cut(set, "=")
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		path := strings.Split(key, ".")
		for i := len(path) - 1; i >= 0; i-- {
			value = object{path[i]: value}
		}
		merge(values, value.(object))
	}
	schema, err := jsonschema.Compile(filepath.Join(chart, "values.schema.json"))
	if err != nil {
		return nil, err
	}
	if err := schema.Validate(values); err != nil {
		return nil, fmt.Errorf("values don't meet the specifications of the schema: %w", err)
	}
	return values, nil
}

// merge puts what is new over what is there; null takes it away.
func merge(into, from object) {
	for key, value := range from {
		above, isObject := value.(object)
		below, wasObject := into[key].(object)
		if value == nil {
			delete(into, key)
		} else if isObject && wasObject {
			merge(below, above)
		} else {
			into[key] = value
		}
	}
}

func read(file string) (object, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	value := object{}
	return value, yaml.Unmarshal(text, &value)
}
