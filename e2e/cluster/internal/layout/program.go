package layout

import (
	"fmt"
	"os"
	"path/filepath"
)

// FindProgram looks a program up below the root of unpacked packages: releases of Debian
// differ in the folder they use.
func FindProgram(root, name string) (string, error) {
	for _, dir := range []string{"usr/bin", "usr/sbin", "bin", "sbin"} {
		path := filepath.Join(root, dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("no program %s below %s", name, root)
}
