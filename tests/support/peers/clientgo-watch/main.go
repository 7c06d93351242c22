// clientgo-watch: a client-go informer on one resource; prints one JSON line an event, and a
// line {"type":"SYNCED"} when the first list is in. Ends at -count events after that, or -for.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

type line struct {
	Type            string `json:"type"`
	Namespace       string `json:"namespace,omitempty"`
	Name            string `json:"name,omitempty"`
	ResourceVersion string `json:"resourceVersion,omitempty"`
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func parse(resource string) schema.GroupVersionResource {
	parts := strings.Split(resource, "/")
	if len(parts) == 2 {
		return schema.GroupVersionResource{Version: parts[0], Resource: parts[1]}
	}
	if len(parts) != 3 {
		fail(fmt.Errorf("-resource %q is not VERSION/NAME or GROUP/VERSION/NAME", resource))
	}
	return schema.GroupVersionResource{Group: parts[0], Version: parts[1], Resource: parts[2]}
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "file")
	resource := flag.String("resource", "v1/configmaps", "VERSION/NAME or GROUP/VERSION/NAME")
	namespace := flag.String("namespace", "", "only this namespace")
	count := flag.Int("count", 0, "end after this many events that follow SYNCED")
	limit := flag.Duration("for", time.Hour, "end after this time, with code 1 if -count is missed")
	flag.Parse()

	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	fail(err)
	client, err := dynamic.NewForConfig(config)
	fail(err)
	ctx, cancel := context.WithTimeout(context.Background(), *limit)
	defer cancel()
	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(client, 0, *namespace, nil)
	informer := factory.ForResource(parse(*resource)).Informer()

	var mutex sync.Mutex
	seen, synced := 0, false
	out := json.NewEncoder(os.Stdout)
	say := func(kind string, object any) {
		mutex.Lock()
		defer mutex.Unlock()
		if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
			object = gone.Obj
		}
		u := object.(*unstructured.Unstructured)
		out.Encode(line{kind, u.GetNamespace(), u.GetName(), u.GetResourceVersion()})
		if synced {
			if seen++; *count > 0 && seen >= *count {
				cancel()
			}
		}
	}
	handle, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { say("ADDED", o) },
		UpdateFunc: func(_, o any) { say("MODIFIED", o) },
		DeleteFunc: func(o any) { say("DELETED", o) },
	})
	fail(err)
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), handle.HasSynced) {
		fail(fmt.Errorf("no sync within %s", *limit))
	}
	mutex.Lock()
	synced = true
	out.Encode(line{Type: "SYNCED"})
	mutex.Unlock()
	<-ctx.Done()
	mutex.Lock()
	defer mutex.Unlock()
	if *count > 0 && seen < *count {
		os.Exit(1)
	}
}
