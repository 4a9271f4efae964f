#!/bin/sh
# The operator's command in the cluster, as a Job of its own that is removed when it is done:
#
#   deploy/kubernetes/kos.sh status
#   deploy/kubernetes/kos.sh trace https://example.com/news/1
#
# It ends as the command does. Nothing can be given to it on standard input. NAMESPACE=knowledge-os
set -eu

kubectl() {
    command kubectl --namespace "${NAMESPACE:-knowledge-os}" "$@"
}

# What the pod's status says, as soon as it says it: PATH SECONDS [NOT-YET]
state() {
    for _ in $(seq "$2"); do
        state=$(kubectl get pods --selector="job-name=$job" --output="jsonpath={.items[*].status.$1}")
        [ "$state" = "${3:-}" ] || [ -z "$state" ] || return 0
        sleep 1
    done
    echo "${0##*/}: it can't be seen what becomes of it: kubectl --namespace ${NAMESPACE:-knowledge-os} describe job $job" >&2
    trap - EXIT
    exit 1
}

arguments=
for argument in "$@"; do
    argument=$(printf '%s' "$argument" | sed 's/[\\"]/\\&/g')
    arguments="$arguments${arguments:+, }\"$argument\""
done
job=kos-$(date +%s)-$$
trap 'kubectl delete job "$job" --ignore-not-found --wait=false >/dev/null' EXIT
trap 'exit 1' HUP INT TERM

kubectl create job "$job" --from=cronjob/kos --dry-run=client --output=json |
    kubectl patch --local --filename=- --type=json --output=json \
        --patch="[{\"op\": \"replace\", \"path\": \"/spec/template/spec/containers/0/args\", \"value\": [$arguments]}]" |
    kubectl create --filename=- >/dev/null
state phase 120 Pending
kubectl logs "job/$job" --follow
# Its log ends a moment before its state is known.
state 'containerStatuses[*].state.terminated.exitCode' 30
exit "$state"
