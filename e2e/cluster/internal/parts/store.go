// Package parts builds and fetches everything a cluster runs, and keeps it in the user's
// cache folder under a key of its inputs, so that nothing is made twice.
package parts

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// unusedAfter is how long a part that no build asked for is kept.
const unusedAfter = 14 * 24 * time.Hour

// Store is a folder of finished parts, each in a folder NAME-KEY.
type Store struct{ Root string }

// DefaultStore is in the user's cache folder.
func DefaultStore() (Store, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return Store{}, fmt.Errorf("find the cache folder (set HOME or XDG_CACHE_HOME): %w", err)
	}
	return Store{Root: filepath.Join(cache, "serin")}, nil
}

// Dir is where a part is, or will be.
func (s Store) Dir(name, key string) string { return filepath.Join(s.Root, name+"-"+key) }

// Has says whether a part is complete, and notes that it is still in use.
func (s Store) Has(name, key string) bool {
	dir := s.Dir(name, key)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return false
	}
	now := time.Now()
	_ = os.Chtimes(dir, now, now)
	return true
}

// Make fills a part. What make leaves in the folder it is given becomes the part only when
// it succeeds, so an interruption leaves nothing half-done.
func (s Store) Make(name, key string, make func(dir string) error) error {
	if s.Has(name, key) {
		return nil
	}
	if err := os.MkdirAll(s.Root, 0o755); err != nil {
		return fmt.Errorf("make the cache folder: %w", err)
	}
	work, err := os.MkdirTemp(s.Root, ".making-"+name+"-")
	if err != nil {
		return fmt.Errorf("make the cache folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	if err := os.Chmod(work, 0o755); err != nil {
		return fmt.Errorf("make part %s: %w", name, err)
	}
	if err := make(work); err != nil {
		return fmt.Errorf("make part %s: %w", name, err)
	}
	err = os.Rename(work, s.Dir(name, key))
	if err != nil && !s.Has(name, key) { // else another build was faster
		return fmt.Errorf("keep part %s: %w", name, err)
	}
	return nil
}

// Prune removes parts nobody has asked for in a while, and what interrupted builds left.
func (s Store) Prune() error {
	entries, err := os.ReadDir(s.Root)
	if err != nil {
		return ignoreMissing(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || time.Since(info.ModTime()) < unusedAfter {
			continue
		}
		if err := os.RemoveAll(filepath.Join(s.Root, entry.Name())); err != nil {
			return fmt.Errorf("remove an unused part: %w", err)
		}
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Key is a short digest of a part's inputs.
func Key(inputs ...string) string {
	digest := sha256.Sum256([]byte(strings.Join(inputs, "\x00")))
	return hex.EncodeToString(digest[:6])
}

// DigestFiles is a digest of files and of all files in folders, with their paths below root.
func DigestFiles(root string, names ...string) (string, error) {
	digest := sha256.New()
	for _, name := range names {
		err := filepath.WalkDir(filepath.Join(root, name), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			relative, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(digest, "%s %d\n%s", relative, len(data), data)
			return err
		})
		if err != nil {
			return "", fmt.Errorf("read the inputs of a part: %w", err)
		}
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}
