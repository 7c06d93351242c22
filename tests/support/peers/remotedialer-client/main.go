// remotedialer-client: remotedialer's own client, for tests of our tunnel's server side.
// It connects to one URL with the given headers and dials whatever the server asks for.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/rancher/remotedialer"
)

type headerFlag http.Header

func (h headerFlag) String() string { return "" }

func (h headerFlag) Set(line string) error {
	name, value, ok := strings.Cut(line, ":")
	if !ok {
		return fmt.Errorf("header %q has no colon", line)
	}
	http.Header(h).Add(strings.TrimSpace(name), strings.TrimSpace(value))
	return nil
}

func main() {
	headers := headerFlag{}
	url := flag.String("url", "", "ws:// or wss:// address to connect to")
	ca := flag.String("ca", "", "file with the CA that signed the server's certificate")
	insecure := flag.Bool("insecure", false, "do not check the server's certificate")
	allow := flag.String("allow", "", "only dial addresses that begin with this")
	once := flag.Bool("once", false, "end with code 1 when the connection ends")
	flag.Var(headers, "H", "header 'Name: value', repeatable")
	flag.Parse()

	tlsConfig := &tls.Config{InsecureSkipVerify: *insecure}
	if *ca != "" {
		pem, err := os.ReadFile(*ca)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		tlsConfig.RootCAs = x509.NewCertPool()
		tlsConfig.RootCAs.AppendCertsFromPEM(pem)
	}
	dialer := &websocket.Dialer{TLSClientConfig: tlsConfig, HandshakeTimeout: 10 * time.Second}
	mayDial := func(proto, address string) bool { return strings.HasPrefix(address, *allow) }
	onConnect := func(context.Context, *remotedialer.Session) error {
		fmt.Println("connected")
		return nil
	}
	for {
		err := remotedialer.ConnectToProxy(
			context.Background(), *url, http.Header(headers), mayDial, dialer, onConnect)
		fmt.Println("ended:", err)
		if *once {
			os.Exit(1)
		}
		time.Sleep(time.Second)
	}
}
