// What a write did that another API server made, told by the bodies that went past: the object that
// was answered against the one that was there before, or what was sent. Thread: any. Owns: nothing.
#pragma once

#include "engine/access/audit.h"

namespace engine {

Result<Json> read_audit_body(const AuditBody& body, AuditReader reader);
// The record's `changes`; nothing for what failed or was to write nothing. An object whose name
// only the answer knows gives it to the entry.
Json changes_seen(AuditEntry& entry, AuditReader reader);

}  // namespace engine
