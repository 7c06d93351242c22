//go:build tools

// helm has a module of its own, so that its dependencies do not change those of the cluster's.
package helm

import _ "helm.sh/helm/v3/cmd/helm"
