// How Go spells the inputs: `go run spell.go > go.jsonl` (Go 1.19).
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
)

func spell(value any, html bool) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(html)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

func main() {
	text, err := os.ReadFile("inputs.json")
	if err != nil {
		panic(err)
	}
	var inputs struct {
		JSON  []string `json:"json"`
		Times []string `json:"times"`
	}
	if err := json.Unmarshal(text, &inputs); err != nil {
		panic(err)
	}
	for _, text := range inputs.JSON {
		// Go 1.22 began to write \b and \f, which this one spells by number.
		text = strings.ReplaceAll(strings.ReplaceAll(text, `\b`, ""), `\f`, "")
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			panic(err)
		}
		for _, html := range []bool{true, false} {
			profile := map[string]any{"go": map[string]bool{"sorted": false, "unescaped": !html}}
			fmt.Println(spell(map[string]any{"profile": profile, "text": text, "spelt": spell(value, html)}, false))
		}
	}
	for _, at := range inputs.Times {
		instant, err := time.Parse("2006-01-02 15:04:05", at)
		if err != nil {
			panic(err)
		}
		fmt.Println(spell(map[string]string{"preset": "go", "at": at, "spelt": instant.Format(time.RFC3339Nano)}, false))
	}
}
