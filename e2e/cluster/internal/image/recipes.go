package image

import (
	"fmt"
	"os"

	"serin.dev/e2e/cluster/internal/layout"
)

// Names of the images that are made from a build of the operator.
const (
	OperatorName   = "localhost/serin:dev"
	LoadtesterName = "localhost/serin-loadtester:dev"
)

const (
	nonRoot     = "65532:65532"
	userFile    = "root:x:0:0:root:/root:/bin/sh\nserin:x:65532:65532:serin:/home/serin:/bin/sh\n"
	groupFile   = "root:x:0:\nserin:x:65532:\n"
	resolveFile = "hosts: files dns\n"
	// certificates is where Debian keeps the certificate authorities.
	certificates = "/etc/ssl/certs/ca-certificates.crt"
	operatorPath = "/usr/local/bin/serin"
	// loadtesterHome is the working folder of Flagger's load tester.
	loadtesterHome = "/home/app"
)

// Base is a tree with the files that name users and say how hosts are looked up.
func Base() *Tree {
	tree := NewTree()
	tree.Content("/etc/passwd", userFile)
	tree.Content("/etc/group", groupFile)
	tree.Content("/etc/nsswitch.conf", resolveFile)
	return tree
}

// Operator is the operator's image: the program, its libraries, nothing else.
func Operator(binary string) (Image, error) {
	tree := Base()
	libraries := Libraries{Roots: []string{"/"}}
	if err := libraries.AddProgram(tree, binary, operatorPath); err != nil {
		return Image{}, err
	}
	if err := addCertificates(tree); err != nil {
		return Image{}, err
	}
	// Flagger's manifests run ./flagger, and wget in their probes.
	tree.Link("/flagger", operatorPath)
	tree.Link("/usr/bin/wget", operatorPath)
	return Image{Name: OperatorName, Tree: tree, Entrypoint: []string{operatorPath}, User: nonRoot}, nil
}

// Tools are the programs beside the load tester that webhook commands call.
type Tools struct {
	// Debian is the root of the unpacked Debian packages.
	Debian string
	// Hey is the load generator's program.
	Hey string
}

// Loadtester is the operator's program with a shell, curl, hey and the usual small commands.
func Loadtester(binary string, tools Tools) (Image, error) {
	image, err := Operator(binary)
	if err != nil {
		return Image{}, err
	}
	if err := tools.addTo(image.Tree); err != nil {
		return Image{}, fmt.Errorf("tools of the load tester: %w", err)
	}
	image.Name = LoadtesterName
	image.Tree.Link(loadtesterHome+"/loadtester", operatorPath)
	image.WorkDir = loadtesterHome
	return image, nil
}

func (t Tools) addTo(tree *Tree) error {
	// The packages are of this machine's release, so its own libraries come first.
	libraries := Libraries{Roots: []string{"/", t.Debian}}
	if err := libraries.AddProgram(tree, t.Hey, "/usr/local/bin/hey"); err != nil {
		return err
	}
	for _, name := range []string{"bash", "curl", "busybox"} {
		source, err := layout.FindProgram(t.Debian, name)
		if err != nil {
			return err
		}
		if err := libraries.AddProgram(tree, source, "/bin/"+name); err != nil {
			return err
		}
	}
	for _, name := range applets {
		tree.Link("/bin/"+name, "busybox")
	}
	return nil
}

// applets are the commands busybox stands in for.
var applets = []string{
	"sh", "awk", "base64", "basename", "cat", "cut", "date", "dirname", "echo", "env", "expr", "false", "grep", "head",
	"id", "ls", "mkdir", "printf", "ps", "rm", "sed", "seq", "sleep", "sort", "tail", "test", "timeout", "touch", "tr",
	"true", "uname", "uniq", "wc", "wget", "which", "xargs", "[",
}

// addCertificates copies this machine's certificate authorities, when it has them.
func addCertificates(tree *Tree) error {
	if _, err := os.Stat(certificates); err != nil {
		return nil //nolint:nilerr // without them only https to the outside does not work
	}
	return tree.Copy(certificates, certificates)
}
