// x509: the few things we do with OpenSSL's certificates, as values and Results: make keys and
// certificates, read and write PEM, ask for dates and names. Keys are ECDSA P-256. Thread: any;
// objects as OpenSSL says (shared for reading). Owns: what the pointers say.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/base/status.h"
#include "storage/base/env.h"

namespace appliance::x509 {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;

struct Subject {
  std::string common_name;
  std::vector<std::string> organizations;
};

enum class Use { ca, server, client };

struct Request {
  Use use = Use::server;
  Subject subject;
  std::vector<std::string> names;  // DNS names and addresses, of a server
  storage::WallTime not_before;
  storage::WallTime not_after;
};

engine::Result<Key> make_key();
// Signed by the issuer, or by itself where there is none.
engine::Result<Certificate> make_certificate(const Request& request, EVP_PKEY& key, X509* issuer,
                                             EVP_PKEY* issuer_key);

std::string to_pem(X509& certificate);
std::string to_pem(EVP_PKEY& key);
engine::Result<std::vector<Certificate>> certificates_from_pem(const std::string& pem,
                                                               const std::string& what);
engine::Result<Key> key_from_pem(const std::string& pem, const std::string& what);

storage::WallTime not_before(const X509& certificate);
storage::WallTime not_after(const X509& certificate);
// Whether it is valid for each of these names.
bool covers(X509& certificate, const std::vector<std::string>& names);
std::string sha256_hex(const std::string& bytes);
std::string last_error();  // what OpenSSL says, and its queue is empty then

}  // namespace appliance::x509
