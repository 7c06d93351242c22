// gzip for large answers, as kube-apiserver does it: bodies over 128 KiB, when the client takes it,
// at the fastest level. Thread: any. Owns: nothing.
#pragma once

#include "engine/base/http.h"

namespace engine {

void compress_answer(const Request& request, Response& response);

}  // namespace engine
