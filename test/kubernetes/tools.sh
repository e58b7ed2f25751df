#!/usr/bin/env bash
# Builds a real Kubernetes 1.34 without machines: API server, controllers, scheduler, kubectl, etcd, KWOK for the nodes,
# and helm; all from Go modules, into a folder outside the repository. About 25 minutes of CPU the first time.
# What is there already is not built again.
set -euo pipefail
kubernetes=1.34.4 etcd=3.6.5 kwok=0.7.0 helm=4.3.1

tools=${LOADSWARM_KUBERNETES_TOOLS:-$HOME/.cache/loadswarm-kubernetes}
mkdir -p "$tools/bin"
export GOFLAGS="-buildvcs=false -trimpath -mod=mod ${GOFLAGS:-}" CGO_ENABLED=0
command -v go >/dev/null || { echo "tools.sh: Go is missing" >&2; exit 1; }

# A module that wants nothing but $2 at version $3, so that what it replaces in its own go.mod can be replaced here.
module() {
  mkdir -p "$tools/$1" && cd "$tools/$1"
  [ -f go.mod ] || go mod init "example.invalid/$1"
  go mod edit -require "$2@v$3"
}

# build NAME PACKAGE [LDFLAGS]
build() {
  [ -x "$tools/bin/$1" ] && return
  echo "building $1" >&2
  nice -n 15 go build -ldflags "-s -w ${3:-}" -o "$tools/bin/$1.new" "$2"
  mv "$tools/bin/$1.new" "$tools/bin/$1"
}

module etcd go.etcd.io/etcd/server/v3 $etcd
build etcd go.etcd.io/etcd/server/v3
module helm helm.sh/helm/v4 $helm
build helm helm.sh/helm/v4/cmd/helm
module kwok sigs.k8s.io/kwok $kwok
build kwok sigs.k8s.io/kwok/cmd/kwok

module kubernetes k8s.io/kubernetes $kubernetes
# Kubernetes keeps its libraries beside itself; they are published as v0 of the same minor and patch.
own=$(go mod download -json "k8s.io/kubernetes@v$kubernetes" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
sed -n 's/^[[:space:]]*\(k8s.io\/[a-z-]*\) => .\/staging.*/\1/p' "$own" | while read -r library; do
  go mod edit -replace "$library=$library@v0.${kubernetes#1.}"
done
version="-X k8s.io/component-base/version.gitVersion=v$kubernetes -X k8s.io/client-go/pkg/version.gitVersion=v$kubernetes"
version+=" -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=34"
for command in kube-apiserver kube-scheduler kube-controller-manager kubectl; do
  build "$command" "k8s.io/kubernetes/cmd/$command" "$version"
done
ls -l "$tools/bin"
