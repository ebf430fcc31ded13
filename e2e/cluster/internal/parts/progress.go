package parts

import (
	"strings"
	"sync"
	"time"
)

const reportInterval = 15 * time.Second

// compileProgress reads the messages of `go build -v`: a line for each package it compiles,
// and whatever goes wrong.
type compileProgress struct {
	total  int
	report func(format string, args ...any)

	mutex    sync.Mutex
	rest     string
	compiled int
	others   []string
	started  time.Time
	reported time.Time
}

// Write takes a piece of the messages.
func (p *compileProgress) Write(data []byte) (int, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	lines := strings.Split(p.rest+string(data), "\n")
	p.rest = lines[len(lines)-1]
	for _, line := range lines[:len(lines)-1] {
		p.line(line)
	}
	return len(data), nil
}

func (p *compileProgress) line(line string) {
	if strings.ContainsAny(line, " \t:") {
		p.others = append(p.others, line)
		return
	}
	now := time.Now()
	if p.compiled == 0 {
		p.started, p.reported = now, now
	}
	p.compiled++
	if now.Sub(p.reported) >= reportInterval {
		p.reported = now
		p.report("compiling: %d of at most %d packages after %s", p.compiled, p.total, now.Sub(p.started).Round(time.Second))
	}
}

// messages are the lines that are no progress: why a build failed.
func (p *compileProgress) messages() string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if len(p.others) == 0 {
		return ""
	}
	return "\n" + lastLines(strings.Join(p.others, "\n"), 30)
}

// lastLines is the end of a text.
func lastLines(text string, count int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) > count {
		lines = lines[len(lines)-count:]
	}
	return strings.Join(lines, "\n")
}
