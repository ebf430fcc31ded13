package main

import (
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

const (
	etcdStartTimeout = time.Minute
	etcdQuota        = 8 << 30 // bytes
	slowRequest      = time.Second
)

func runEtcd() int {
	flags := flag.NewFlagSet("etcd", flag.ExitOnError)
	dir := flags.String("data-dir", "", "folder of the database")
	client := flags.String("client-url", "http://127.0.0.1:2379", "address for clients")
	peer := flags.String("peer-url", "http://127.0.0.1:2380", "address for peers")
	_ = flags.Parse(os.Args[1:])
	config, err := etcdConfig(*dir, *client, *peer)
	if err == nil {
		err = serveEtcd(config)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "etcd:", err)
		return 1
	}
	return 0
}

func etcdConfig(dir, client, peer string) (*embed.Config, error) {
	clientURL, err := url.Parse(client)
	if err != nil {
		return nil, fmt.Errorf("client URL: %w", err)
	}
	peerURL, err := url.Parse(peer)
	if err != nil {
		return nil, fmt.Errorf("peer URL: %w", err)
	}
	config := embed.NewConfig()
	config.Dir = dir
	config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{*clientURL}, []url.URL{*clientURL}
	config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{*peerURL}, []url.URL{*peerURL}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	// A throw-away cluster: speed counts for more than surviving a power cut.
	config.UnsafeNoFsync = true
	config.LogLevel = "warn"
	config.WarningUnaryRequestDuration = slowRequest
	config.QuotaBackendBytes = etcdQuota
	config.AutoCompactionMode, config.AutoCompactionRetention = "periodic", "5m"
	return config, nil
}

func serveEtcd(config *embed.Config) error {
	server, err := embed.StartEtcd(config)
	if err != nil {
		return fmt.Errorf("start on %s: %w", config.Dir, err)
	}
	defer server.Close()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	select {
	case <-server.Server.ReadyNotify():
	case err := <-server.Err():
		return err
	case <-stop:
		return nil
	case <-time.After(etcdStartTimeout):
		return errors.New("not ready in " + etcdStartTimeout.String())
	}
	select {
	case <-stop:
		return nil
	case err := <-server.Err():
		return err
	}
}
