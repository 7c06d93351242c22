// CertificateInfo: what clients are told of a certificate in PEM, read out of it with its key.
// Thread: any. Owns: its strings. Errors: 422 InvalidBodyContent with the field (certs or key) that
// is no PEM, no certificate, no key, or does not belong to the other. No text of a key is ever in
// one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"

namespace engine {

struct CertificateInfo {
  std::string algorithm;    // RSA, ECDSA, Ed25519
  std::string common_name;  // of the subject
  std::string fingerprint;  // SHA-1 of the DER: AA:BB:...
  std::string issued_at;    // RFC 3339
  std::string expires_at;
  std::string issuer;              // its common name
  std::string serial;              // decimal
  size_t key_bytes = 0;            // of the modulus, or of a point's coordinate
  int64_t version = 0;             // 3
  std::vector<std::string> names;  // DNS names, then addresses
};

// Of the certificate in the chain that the key is of.
Result<CertificateInfo> certificate_info(std::string_view certs, std::string_view key);
// The API's fields of it: texts, as the schema has them.
void show_certificate(const CertificateInfo& info, Json& object);

}  // namespace engine
