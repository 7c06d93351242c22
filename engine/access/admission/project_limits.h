// Project limits: what projects and namespaces say about their resources, as data: the quota's
// fields and the resources of a ResourceQuota that they stand for, the annotations of a namespace,
// container defaults as an item of a LimitRange. Thread: any, stateless. Owns: nothing. Source: the
// facts' schemas resourceQuotaLimit and containerResourceLimit.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/quantity.h"
#include "engine/base/status.h"

namespace engine {

inline constexpr std::string_view kProjectIdAnnotation = "field.cattle.io/projectId";
inline constexpr std::string_view kQuotaAnnotation = "field.cattle.io/resourceQuota";
inline constexpr std::string_view kContainerLimitAnnotation =
    "field.cattle.io/containerDefaultResourceLimit";
inline constexpr std::string_view kNamespaceStatusAnnotation = "cattle.io/status";
// On what we keep in namespaces: the quota's objects.
inline constexpr std::string_view kManagedQuotaLabel =
    "resourcequota.management.cattle.io/default-resource-quota";
inline constexpr std::string_view kDefaultProjectLabel =
    "authz.management.cattle.io/default-project";
inline constexpr std::string_view kSystemProjectLabel = "authz.management.cattle.io/system-project";
inline constexpr std::string_view kProjectFinalizer =
    "controller.cattle.io/paddock-project-namespaces";
// On the copy of a project's secret: which project's.
inline constexpr std::string_view kProjectSecretCopy =
    "management.cattle.io/project-scoped-secret-copy";
// On the namespace that a project's own objects lie in: CLUSTER:PROJECT.
inline constexpr std::string_view kBacksProjectAnnotation =
    "authz.management.cattle.io/backs-project";
// The embedded API's own cluster.
inline constexpr std::string_view kLocalCluster = "local";

// A limit's fields (pods, limitsCpu, ...; of `extended`, "extended/NAME") as amounts; 422 names a
// field whose value is none.
Result<Amounts> read_limit(const Json* limit, std::string_view field);
Json limit_json(const Amounts& limit);
// 422 when the project has not so much left, with the fields.
Result<Unit> fits_project(const Json& project, const Amounts& more);
// The `hard` of a ResourceQuota.
Json quota_hard(const Amounts& limit);
// {cpu, memory} of a containerResourceLimit as a LimitRange's item; null when it says nothing.
Json container_item(const Json& limit);

// Whether a secret in a project's own namespace is for all of its namespaces, and what it is there.
bool is_shared_secret(const Json& secret);
Json project_secret_copy(const Json& secret, std::string_view project);

// The JSON in an annotation; null when there is none, or it is not JSON.
Json annotation_of(const Json& object, std::string_view name);
// A namespace's project (CLUSTER:PROJECT; empty: none): its annotation says it, its label says the
// part behind the cluster again, for selectors.
void set_project(Json& ns, std::string_view id);
void set_project_label(Json& ns, std::string_view id);
// The same as a merge patch.
Json project_patch(std::string_view id);
// A project's own namespace, which bears its name.
Json backing_namespace(std::string_view cluster, std::string_view project);
// The project (p-xxxxx) of a namespace of this cluster; empty: none.
std::string_view project_in(std::string_view cluster, const Json& ns);
// What a namespace takes of its project's quota: what its annotation says; what is no amount counts
// for nothing.
Amounts namespace_limit(const Json& ns);
// With every field of the project's limit and no other: its own, or the project's default.
Amounts completed_limit(const Amounts& own, const Amounts& otherwise, const Amounts& project);

}  // namespace engine
