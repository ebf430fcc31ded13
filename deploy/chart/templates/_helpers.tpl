{{/* The application's name in labels. A release called flagger keeps the names and selectors of Flagger's chart, so that
it can be upgraded to this one: a Deployment cannot change its selector. */}}
{{- define "serin.name" -}}
{{- $own := ternary "flagger" .Chart.Name (contains "flagger" .Release.Name) -}}
{{- default $own .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Name of all objects: the release's, with the chart's in it. */}}
{{- define "serin.fullname" -}}
{{- $name := include "serin.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $full .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "serin.selectorLabels" -}}
app.kubernetes.io/name: {{ include "serin.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "serin.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "serin.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{/* Labels of our own and of the user, given as a list of the two; ours cannot be replaced. */}}
{{- define "serin.labelsWith" -}}
{{- range $key, $value := merge (index . 0 | fromYaml) (index . 1) }}
{{ $key }}: {{ $value | quote }}
{{- end }}
{{- end -}}

{{- define "serin.serviceAccountName" -}}
{{- default (ternary (include "serin.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "serin.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{/* Where the Lease is: --namespace has precedence over --leader-election-namespace, as in Flagger. */}}
{{- define "serin.leaseNamespace" -}}
{{- default .Release.Namespace .Values.namespace -}}
{{- end -}}

{{- define "serin.prometheusName" -}}
{{- include "serin.fullname" . }}-prometheus
{{- end -}}

{{- define "serin.prometheusSelector" -}}
app.kubernetes.io/name: {{ include "serin.name" . }}-prometheus
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* The arguments, as a YAML list. */}}
{{- define "serin.args" -}}
{{- $values := .Values -}}
{{- $args := list "run" (printf "--log-level=%s" $values.logLevel) -}}
{{- $args = append $args (printf "--zap-encoding=%s" $values.logEncoding) -}}
{{- $bundled := printf "http://%s:9090" (include "serin.prometheusName" .) -}}
{{- $args = append $args (printf "--metrics-server=%s" (ternary $bundled $values.metricsServer $values.prometheus.install)) -}}
{{- $args = append $args (printf "--enable-config-tracking=%t" $values.configTracking.enabled) -}}
{{- $optional := list
  (list "mesh-provider" $values.meshProvider)
  (list "namespace" $values.namespace)
  (list "selector-labels" $values.selectorLabels)
  (list "include-label-prefix" $values.includeLabelPrefix)
  (list "no-cross-namespace-refs" $values.noCrossNamespaceRefs)
  (list "cluster-name" $values.clusterName)
  (list "min-interval" $values.minInterval)
  (list "drain" $values.drain)
  (list "concurrency" $values.concurrency)
  (list "slack-user" $values.slack.user)
  (list "slack-channel" $values.slack.channel)
  (list "enable-leader-election" $values.leaderElection.enabled)
  (list "leader-election-namespace" (ternary .Release.Namespace "" $values.leaderElection.enabled))
  (list "ingress-annotations-prefix" $values.ingressAnnotationsPrefix)
  (list "ingress-class" $values.ingressClass)
  (list "kubeconfig-qps" $values.kubeconfigQPS)
  (list "kubeconfig-burst" $values.kubeconfigBurst)
  (list "threadiness" $values.threadiness)
-}}
{{- range $pair := $optional -}}
{{- with index $pair 1 -}}
{{- $args = append $args (printf "--%s=%v" (index $pair 0) .) -}}
{{- end -}}
{{- end -}}
{{- toYaml (concat $args $values.extraArgs) -}}
{{- end -}}

{{/* Addresses that may hold credentials, by the variable that the operator reads; those that are set. */}}
{{- define "serin.receivers" -}}
{{- $values := .Values -}}
{{- $all := dict
  "EVENT_WEBHOOK_URL" $values.eventWebhook
  "MSTEAMS_PROXY_URL" (default $values.msteams.proxy $values.msteams.proxyUrl)
  "MSTEAMS_URL" $values.msteams.url
  "SLACK_PROXY_URL" (default $values.slack.proxy $values.slack.proxyUrl)
  "SLACK_TOKEN" $values.slack.token
  "SLACK_URL" $values.slack.url
-}}
{{- range $variable, $value := $all -}}
{{- with $value }}
{{ $variable }}: {{ . | quote }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What cannot be installed as it is asked for, a line for each. */}}
{{- define "serin.refusals" -}}
{{- $values := .Values -}}
{{- if not $values.image.repository }}
- image.repository is empty: name the image that you built from deploy/Dockerfile
{{- else if regexMatch "(^|/)flagger$" $values.image.repository }}
- image.repository names Flagger's image ({{ $values.image.repository }}): name that of Serin
{{- end }}
{{- if and (not $values.leaderElection.enabled) (gt (int $values.leaderElection.replicaCount) 1) }}
- leaderElection.replicaCount is {{ $values.leaderElection.replicaCount }} without an election, and all replicas would act: set leaderElection.enabled
{{- end }}
{{- if $values.controlplane.kubeconfig.secretName }}
- controlplane.kubeconfig.secretName: routes in another cluster are not supported; they are written to the cluster of the Canaries
{{- end }}
{{- include "serin.otherName" . }}
{{- end -}}

{{/* Flagger's Deployment of this release, where it has a name or selector that the values do not lead to. Helm would remove
it after the new one has started, so that both act, or fail in the middle, as a Deployment cannot change its selector. */}}
{{- define "serin.otherName" -}}
{{- if .Release.IsUpgrade -}}
{{- $full := include "serin.fullname" . -}}
{{- range $name := list $full (printf "%s-flagger" .Release.Name | trunc 63) | uniq -}}
{{- $found := lookup "apps/v1" "Deployment" $.Release.Namespace $name -}}
{{- $selector := dig "spec" "selector" "matchLabels" dict $found -}}
{{- if eq $.Release.Name (get $selector "app.kubernetes.io/instance") -}}
{{- $label := get $selector "app.kubernetes.io/name" -}}
{{- if or (ne $name $full) (ne $label (include "serin.name" $)) }}
- the release has the Deployment {{ $name }} of Flagger's chart, which these values would not upgrade: add --set nameOverride={{ $label }},fullnameOverride={{ $name }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Names that the affinity in values written for Flagger's chart refers to. */}}
{{- define "flagger.name" -}}
{{- include "serin.name" . -}}
{{- end -}}
{{- define "flagger.fullname" -}}
{{- include "serin.fullname" . -}}
{{- end -}}
