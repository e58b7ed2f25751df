{{/* files/ links to the Kustomize folders: the chart reads the very same objects, and sets in them what values say. */}}

{{/* One object of a file, in the release's namespace. Takes {root, file}. */}}
{{- define "loadswarm.read" -}}
{{- $object := required (printf "%s is empty" .file) (.root.Files.Get (printf "files/%s" .file)) | fromYaml -}}
{{- $_ := set $object.metadata "namespace" .root.Release.Namespace -}}
{{- toYaml $object -}}
{{- end -}}

{{- define "loadswarm.image" -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}

{{/* A DaemonSet or Deployment of agents. Takes {root, file} and optionally {replicas}. */}}
{{- define "loadswarm.agents" -}}
{{- $values := .root.Values -}}
{{- $pod := .root.Files.Get "files/components/pod/pod.yaml" | fromYaml -}}
{{- $object := mergeOverwrite (include "loadswarm.read" . | fromYaml) (dict "spec" $pod.spec) -}}
{{- $spec := $object.spec.template.spec -}}
{{- $agent := index $spec.containers 0 -}}
{{- $_ := set $agent "image" (include "loadswarm.image" .root) -}}
{{- $_ := set $agent "imagePullPolicy" $values.image.pullPolicy -}}
{{- $resources := dict "cpu" (toString $values.resources.cpu) "memory" $values.resources.memory -}}
{{- $_ := set $agent "resources" (dict "requests" $resources "limits" $resources) -}}
{{- range $agent.env -}}
{{- if eq .name "LOADSWARM_JOIN_DNS" -}}
{{- $_ := set . "value" (.value | replace ".cluster.local." (printf ".%s." $values.clusterDomain)) -}}
{{- end -}}
{{- end -}}
{{- $_ := set (index $spec.volumes 0).secret "secretName" $values.swarmKey.secret -}}
{{- $_ := set (index $spec.volumes 1).secret "secretName" $values.secrets -}}
{{- $_ := set $spec "tolerations" $values.agents.tolerations -}}
{{- if $spec.nodeSelector -}}
{{- $_ := set $spec "nodeSelector" $values.agents.nodeSelector -}}
{{- end -}}
{{- if $values.priorityClass -}}
{{- $_ := set $spec "priorityClassName" "loadswarm" -}}
{{- end -}}
{{- if hasKey . "replicas" -}}
{{- $_ := set $object.spec "replicas" .replicas -}}
{{- end -}}
{{- toYaml $object -}}
{{- end -}}
