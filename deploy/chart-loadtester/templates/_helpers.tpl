{{- define "loadtester.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "loadtester.fullname" -}}
{{- $name := include "loadtester.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "loadtester.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/name: {{ include "loadtester.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{/* Flagger's selector, which a Deployment cannot change: a release of Flagger's chart can be upgraded to this one. */}}
{{- define "loadtester.selectorLabels" -}}
app: {{ include "loadtester.name" . }}
{{- end -}}

{{- define "loadtester.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "loadtester.refusals" -}}
{{- $values := .Values -}}
{{- if not $values.image.repository }}
- image.repository is empty: name the image that you built from deploy/Dockerfile with --target loadtester
{{- else if regexMatch "(^|/)flagger-loadtester$" $values.image.repository }}
- image.repository names Flagger's image ({{ $values.image.repository }}): name that of Serin
{{- end }}
{{- if or $values.meshName $values.appmesh.enabled }}
- meshName, appmesh: there is no support for App Mesh
{{- end }}
{{- if $values.istio.enabled }}
- istio.enabled: make the VirtualService and the Gateway yourself, or an HTTPRoute to the Service {{ include "loadtester.fullname" . }}
{{- end }}
{{- end -}}

{{/* Whether one of the user's volumes is mounted at /tmp already. */}}
{{- define "loadtester.ownTmp" -}}
{{- range .Values.volumeMounts -}}
{{- if eq .mountPath "/tmp" }}true{{ end -}}
{{- end -}}
{{- end -}}
