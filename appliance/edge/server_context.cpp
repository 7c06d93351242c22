#include "appliance/edge/server_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstring>

#include "appliance/edge/tls_records.h"
#include "appliance/edge/x509.h"

namespace appliance {
namespace {

using engine::Status;

int choose_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                unsigned in_size, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  int found = SSL_select_next_proto(&chosen, out_size, kOurs, sizeof kOurs - 1, in, in_size);
  *out = chosen;
  // A client that speaks HTTP/2 only is told so by the alert that the standard has for it.
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

engine::Result<engine::Unit> use_chain(SSL_CTX* context, const ServerContext& from) {
  auto chain = TRY(x509::certificates_from_pem(from.certificate_pem, "the server's certificate"));
  auto key = TRY(x509::key_from_pem(from.key_pem, "the server's key"));
  if (SSL_CTX_use_certificate(context, chain[0].get()) != 1)
    return Status::bad_request("the server's certificate cannot be used: " + x509::last_error());
  for (size_t i = 1; i < chain.size(); ++i) SSL_CTX_add1_chain_cert(context, chain[i].get());
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    x509::last_error();
    return Status::bad_request("the server's key does not belong to its certificate");
  }
  return engine::Unit{};
}

engine::Result<engine::Unit> ask_for_client_certificates(SSL_CTX* context,
                                                         const std::string& ca_pem) {
  auto authorities = TRY(x509::certificates_from_pem(ca_pem, "the client CA"));
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (auto& authority : authorities) {
    X509_STORE_add_cert(store, authority.get());
    SSL_CTX_add_client_CA(context, authority.get());
  }
  ERR_clear_error();
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  return engine::Unit{};
}

}  // namespace

engine::Result<std::shared_ptr<ssl_ctx_st>> make_server_context(const ServerContext& from) {
  std::shared_ptr<SSL_CTX> made(SSL_CTX_new(TLS_server_method()),
                                [](SSL_CTX* context) { SSL_CTX_free(context); });
  if (!made) return Status::internal("no TLS context: " + x509::last_error());
  SSL_CTX* context = made.get();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  bool good =
      SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
      SSL_CTX_set_ciphersuites(
          context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256") ==
          1 &&
      SSL_CTX_set1_groups_list(context, "X25519:P-256") == 1;
  if (!good) return Status::internal("TLS settings were not taken: " + x509::last_error());
  // One ticket per handshake and no cache: the server holds no session that the client does not
  // bring.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  static constexpr unsigned char kContextId[] = "paddock";
  SSL_CTX_set_session_id_context(context, kContextId, sizeof kContextId - 1);
  TicketKeys keys = from.ticket_keys;
  SSL_CTX_set_tlsext_ticket_keys(context, keys.data(), keys.size());
  TlsRecords::prepare(context);
  SSL_CTX_set_alpn_select_cb(context, choose_alpn, nullptr);
  TRY(use_chain(context, from));
  if (!from.client_ca_pem.empty()) TRY(ask_for_client_certificates(context, from.client_ca_pem));
  return made;
}

}  // namespace appliance
