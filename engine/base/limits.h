// Limits: every bound of the engine by name. Over one of them a request is refused with a Status
// that names it; nothing is cut short without a word. A room's private bounds stand here too, so
// that the whole can be seen at once. Thread: constants. Owns: nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace engine::limits {

// Requests
constexpr size_t kBodyBytesMax = 3u << 20;       // as kube-apiserver: 413 above
constexpr size_t kHeaderBytesMax = 64u << 10;    // all headers of a request: 431 above
constexpr size_t kTargetBytesMax = 16u << 10;    // path and query: 414 above
constexpr size_t kJsonDepthMax = 500;            // nesting of any document that is read
constexpr size_t kYamlNodesMax = 2'000'000;      // after aliases are expanded
constexpr size_t kPatchOperationsMax = 10'000;   // of a JSON patch
constexpr size_t kPatchCopyBytesMax = 3u << 20;  // what the copy operations of one make together

constexpr std::chrono::seconds kRequestTimeoutMax{60};  // whatever timeout a client asks for

// Objects
constexpr size_t kObjectBytesMax = 2u << 20;        // stored form
constexpr size_t kConfigDataBytesMax = 1u << 20;    // data of a config map or secret, as upstream
constexpr size_t kAnnotationBytesMax = 256u << 10;  // keys and values together, as upstream
constexpr int kConflictTriesMax = 64;               // read-modify-write by the server, then 409
constexpr int kGenerateNameTriesMax = 8;            // as kube-apiserver
constexpr size_t kUpdateManagersMax = 10;  // older ones are merged into one entry, as upstream

// Lists and watches
constexpr size_t kListPageMax = 10'000;  // items that one page may hold when limit is given
constexpr size_t kWatchRingEventsMax =
    10'000;  // recent events of one resource that a watch can resume from
constexpr size_t kWatchRingBytesMax = 8u << 20;  // of their objects
constexpr int kWatchRingSeconds = 300;           // their age
constexpr size_t kWatchHistoryRevisions =
    1000;  // revisions read back at start, so that watches outlive a restart
constexpr size_t kWatchHistoryBytesMax =
    4u << 20;  // of them, kept for resources that nobody has read yet
constexpr size_t kStreamQueueBytesMax = 4u << 20;  // over it a watch is closed; the client resumes

constexpr std::chrono::seconds kCacheWait{5};  // for the caches to reach a commit: 504 after

// The management API
constexpr int kNormanPageDefault = 1000;  // objects in a /v3 collection unless limit says otherwise
constexpr size_t kSubscribeQueueMax =
    10'000;                                  // changes waiting for one /v3/subscribe: closed above
constexpr int kNormanPageMax = 10'000;       // what limit=-1 means
constexpr size_t kAccessAnswersMax = 1'000;  // bindings named in one answer to who may; all count

// Credentials
constexpr size_t kPasswordBytesMin = 12;   // as later versions of the product this API comes from
constexpr size_t kPasswordBytesLeast = 2;  // as short as a setting can let it be
constexpr size_t kPasswordBytesMax = 1024;
constexpr int64_t kSessionMinutes = 960;                     // where the settings say nothing
constexpr int64_t kTokenMinutesMax = 60LL * 24 * 366 * 100;  // what a setting may say at most
constexpr int64_t kTokenUseEveryMs = 300'000;  // a token's last use is written down no more often
constexpr int64_t kPrincipalsFoundMax = 500;   // of one search over principals
constexpr size_t kCredentialBytesMax = 512;    // NAME:SECRET
constexpr size_t kTokensRemembered = 10'000;   // parsed tokens kept; over it the memory starts anew
constexpr size_t kThrottleEntriesMax = 20'000;  // names and addresses with failed logins

// Schemas
constexpr size_t kPatternBytesMax = 4096;    // text of one pattern of a schema
constexpr size_t kPatternNodesMax = 20'000;  // of its automaton, repetitions expanded
constexpr size_t kValidationCausesMax =
    100;                                 // causes in one answer; the last says that there are more
constexpr size_t kSchemaDepthMax = 200;  // nesting of a custom resource's schema
constexpr size_t kCrdSchemaBytesMax = 1u << 20;  // one version's schema

// Edge: what one connection may send before a handler sees it.
inline constexpr size_t kRequestHeadBytes = 64u << 10;    // request line and headers: 431
inline constexpr size_t kRequestTargetBytes = 32u << 10;  // path and query: 414
inline constexpr size_t kRequestHeaders = 200;            // header lines: 431
inline constexpr size_t kRequestBodyBytes = 3u << 20;     // API writes, as upstream has it: 413
inline constexpr size_t kChunkLineBytes = 256;            // a chunk's size with its extensions: 400
inline constexpr size_t kTrailerBytes = 8u << 10;         // after a chunked body: 431
inline constexpr size_t kBodiesInFlightBytes = 256u << 20;  // all half-read bodies together: 503
inline constexpr int kHandshakeTimeoutMs = 10'000;          // TCP accepted to TLS ready: close
inline constexpr int kHeaderTimeoutMs = 10'000;  // first byte of a request to its last header: 408
inline constexpr int kBodyProgressTimeoutMs = 20'000;  // without one more byte of the body: 408
inline constexpr int kBodyTotalTimeoutMs = 300'000;    // the whole body: 408
inline constexpr int kWriteProgressTimeoutMs =
    30'000;                                     // a reader that takes nothing of its answer: close
inline constexpr int kIdleTimeoutMs = 180'000;  // keep-alive without a request: close
inline constexpr size_t kConnections =
    65'536;  // of one process, fewer where RLIMIT_NOFILE is lower: close
inline constexpr size_t kHandshakesAtOnce =
    2'048;  // TLS handshakes under way: no accepting until some end
inline constexpr size_t kRequestsWaiting = 16'384;  // complete requests without a thread yet: 429

// Streams: what may wait for a reader.
inline constexpr size_t kStreamQueueBytes = 4u << 20;  // default of one stream: close
inline constexpr int kStreamEndTimeoutMs =
    10'000;  // a finished stream whose reader does not take the rest: close

// WebSocket.
inline constexpr size_t kWebSocketMessageBytes = 4u
                                                 << 20;  // one message, all fragments: close 1009

// Outbound HTTP.
inline constexpr size_t kResponseHeadBytes = 256u << 10;  // of another server: 502
inline constexpr int kConnectTimeoutMs = 10'000;  // name, TCP and TLS of an outbound connection
inline constexpr int kPoolIdleTimeoutMs =
    60'000;  // an outbound connection kept for the next request
inline constexpr size_t kPoolIdlePerTarget = 16;

// Controllers
constexpr int64_t kRetryFirstMillis = 5;  // after a first failure; doubled each time
constexpr int64_t kRetryLastMillis = 300'000;
constexpr size_t kKeysPerTurn = 16;          // then a worker lets other controllers have a turn
constexpr size_t kControllerPageMax = 500;   // objects a controller reads at a time
constexpr size_t kDownstreamWritesMax = 16;  // of roles and bindings, under way in one cluster
constexpr int64_t kEventTtlSeconds = 3600;   // as kube-apiserver's --event-ttl

}  // namespace engine::limits
