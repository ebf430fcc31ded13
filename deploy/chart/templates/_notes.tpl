{{/* What is ignored, or needs the user's attention: a line for each. */}}
{{- define "serin.notes" -}}
{{- $values := .Values -}}
{{- include "serin.crdNote" . -}}
{{- if not (or (regexMatch "^(gatewayapi|gatewayapi:v1.*|nginx|kubernetes)$" (default "" $values.meshProvider)) (not $values.meshProvider)) }}
- meshProvider {{ $values.meshProvider }} routes nothing here: Canaries without spec.provider get the condition Stalled.
{{- end }}
{{- range $name := list "ingressClass" "kubeconfigQPS" "kubeconfigBurst" "threadiness" }}
{{- if index $values $name }}
- {{ $name }} is ignored: it has no meaning for Serin.
{{- end }}
{{- end }}
{{- if $values.rbac.pspEnabled }}
- rbac.pspEnabled is ignored: Kubernetes has no pod security policies any more.
{{- end }}
{{- range $name := include "serin.unknown" . | fromYamlArray }}
- {{ $name }} is ignored: the chart has no value of this name.
{{- end }}
{{- end -}}

{{/* The CRDs of crds/ are installed once: Helm does not upgrade them, and does not touch Flagger's. */}}
{{- define "serin.crdNote" -}}
{{- if not .Values.crd.create -}}
{{- $present := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" "canaries.flagger.app" -}}
{{- if $present -}}
{{- $ours := .Files.Get "crds/canaries.flagger.app.yaml" | fromYaml -}}
{{- $schema := (index $ours.spec.versions 0).schema | toJson -}}
{{- if ne $schema ((index $present.spec.versions 0).schema | toJson) }}
- The CRDs in the cluster are not those of this chart, and fields that they do not know are lost. Apply them:
    kubectl apply --server-side --force-conflicts --filename deploy/chart/crds
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Values without a meaning, as a YAML list. */}}
{{- define "serin.unknown" -}}
{{- $known := list "additionalVolumeMounts" "additionalVolumes" "affinity" "annotations" "clusterName" "concurrency" "configTracking" "controlplane" "crd" "deploymentLabels" "drain" "env" "envFrom" "eventWebhook" "extraArgs" "fullnameOverride" "global" "image" "imagePullSecrets" "includeLabelPrefix" "ingressAnnotationsPrefix" "ingressClass" "kubeconfigBurst" "kubeconfigQPS" "leaderElection" "linkerdAuthPolicy" "logEncoding" "logLevel" "meshProvider" "metricsServer" "minInterval" "msteams" "nameOverride" "namespace" "noCrossNamespaceRefs" "nodeSelector" "podAnnotations" "podDisruptionBudget" "podLabels" "podMonitor" "podPriorityClassName" "podSecurityContext" "prometheus" "rbac" "resources" "securityContext" "selectorLabels" "serviceAccount" "serviceMonitor" "slack" "threadiness" "tolerations" "topologySpreadConstraints" -}}
{{- $unknown := list -}}
{{- range $name, $_ := .Values -}}
{{- if not (has $name $known) -}}
{{- $unknown = append $unknown $name -}}
{{- end -}}
{{- end -}}
{{- toYaml $unknown -}}
{{- end -}}
