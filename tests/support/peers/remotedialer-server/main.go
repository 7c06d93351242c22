// remotedialer-server: remotedialer's own server, for tests of our agent. It accepts agents on
// any path but /cacerts, which answers with the given file, and offers their network as an HTTP CONNECT proxy on a second listener, so that any
// client with a proxy setting (curl -x, HTTPS_PROXY) dials through the newest agent's tunnel.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/rancher/remotedialer"
)

func listen(address string) net.Listener {
	l, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	return l
}

func join(a, b net.Conn) {
	done := make(chan struct{}, 2)
	pipe := func(to, from net.Conn) {
		io.Copy(to, from)
		if half, ok := to.(interface{ CloseWrite() error }); ok {
			half.CloseWrite()
		}
		done <- struct{}{}
	}
	go pipe(a, b)
	go pipe(b, a)
	<-done
	<-done
	a.Close()
	b.Close()
}

func main() {
	address := flag.String("listen", "127.0.0.1:0", "where agents connect")
	proxy := flag.String("proxy", "127.0.0.1:0", "where the HTTP CONNECT proxy listens")
	cert := flag.String("cert", "", "certificate file; without one the listener is plain HTTP")
	key := flag.String("key", "", "key file")
	cacerts := flag.String("cacerts", "", "file that GET /cacerts answers with")
	header := flag.String("token-header", "X-API-Tunnel-Token", "header that must hold -token")
	token := flag.String("token", "", "the token; empty accepts everyone")
	flag.Parse()

	var newest atomic.Value
	var serial atomic.Int64
	tunnels := remotedialer.New(func(req *http.Request) (string, bool, error) {
		if *token != "" && req.Header.Get(*header) != *token {
			fmt.Println("refused", req.RemoteAddr)
			return "", false, nil
		}
		id := fmt.Sprintf("agent-%d", serial.Add(1))
		newest.Store(id)
		fmt.Println("agent", id, req.URL.Path)
		return id, true, nil
	}, remotedialer.DefaultErrorWriter)

	connect := func(w http.ResponseWriter, req *http.Request) {
		id, _ := newest.Load().(string)
		if req.Method != http.MethodConnect || id == "" || !tunnels.HasSession(id) {
			http.Error(w, "CONNECT only, and an agent must be there", http.StatusBadGateway)
			return
		}
		far, err := tunnels.Dialer(id)(req.Context(), "tcp", req.Host)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		near, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			far.Close()
			return
		}
		io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n")
		join(near, far)
	}

	agents, door := listen(*address), listen(*proxy)
	fmt.Println("listening", agents.Addr(), "proxy", door.Addr())
	go func() { log.Fatal(http.Serve(door, http.HandlerFunc(connect))) }()
	if *cert != "" {
		routes := http.NewServeMux()
		routes.HandleFunc("/cacerts", func(w http.ResponseWriter, req *http.Request) {
			http.ServeFile(w, req, *cacerts)
		})
		routes.Handle("/", tunnels)
		log.Fatal(http.ServeTLS(agents, routes, *cert, *key))
	}
	log.Fatal(http.Serve(agents, tunnels))
}
