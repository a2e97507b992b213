package sightline.fhir;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.text.ParseException;
import java.util.List;
import java.util.Set;

/**
 * Lets a request in only with an access token of the sandbox's OpenID provider (RFC 9068: typ at+jwt).
 *
 * <p>People read by role; machines read and write by SMART backend scopes ({@code system/*.cruds}). Open by intent are
 * the health doors and the CapabilityStatement, which a client needs before it can know how to sign in.
 */
class AccessTokenFilter extends HttpFilter {
  private static final Set<String> READERS = Set.of("clinician", "radiologist", "compliance", "operator");

  private final transient DefaultJWTProcessor<SecurityContext> tokens = new DefaultJWTProcessor<>();

  AccessTokenFilter(String issuer, String audience, String jwksUrl) throws Exception {
    tokens.setJWSTypeVerifier(new DefaultJOSEObjectTypeVerifier<>(new JOSEObjectType("at+jwt")));
    tokens.setJWSKeySelector(
        new JWSVerificationKeySelector<>(
            Set.of(JWSAlgorithm.ES256, JWSAlgorithm.RS256),
            JWKSourceBuilder.create(URI.create(jwksUrl).toURL()).retrying(true).build()));
    tokens.setJWTClaimsSetVerifier(
        new DefaultJWTClaimsVerifier<>(
            audience, new JWTClaimsSet.Builder().issuer(issuer).build(), Set.of("sub", "iat", "exp")));
  }

  @Override
  protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    if (isOpen(request)) {
      chain.doFilter(request, response);
      return;
    }
    String header = request.getHeader("Authorization");
    if (header == null || !header.regionMatches(true, 0, "Bearer ", 0, 7)) {
      refuse(response, 401, "Bearer realm=\"fhir\"", "login", "An access token is needed.");
      return;
    }
    JWTClaimsSet claims;
    try {
      claims = tokens.process(header.substring(7).trim(), null);
    } catch (ParseException | BadJOSEException | JOSEException invalid) {
      refuse(response, 401, "Bearer realm=\"fhir\", error=\"invalid_token\"", "login", "The access token is not valid.");
      return;
    }
    if (!mayDo(claims, request)) {
      refuse(response, 403, "Bearer realm=\"fhir\", error=\"insufficient_scope\"", "forbidden", "Not allowed for this token.");
      return;
    }
    chain.doFilter(request, response);
  }

  /** Compared with the raw URI: HAPI routes by it too, so no encoded path can be open here and guarded there. */
  private static boolean isOpen(HttpServletRequest request) {
    String path = request.getRequestURI();
    if (path.equals("/health/ready") || path.equals("/health/live")) {
      return true;
    }
    String query = request.getQueryString();
    // `_getpages` on any address brings stored search results: only the format may be chosen here.
    return request.getMethod().equals("GET")
        && path.equals("/fhir/metadata")
        && (query == null || query.matches("_format=[\\w/+.%-]+"));
  }

  private static boolean mayDo(JWTClaimsSet claims, HttpServletRequest request) {
    String path = request.getRequestURI();
    boolean reads =
        request.getMethod().equals("GET")
            || (request.getMethod().equals("POST") && (path.endsWith("/$validate") || path.endsWith("/_search")));
    try {
      List<String> roles = claims.getStringListClaim("roles");
      if (reads && roles != null && roles.stream().anyMatch(READERS::contains)) {
        return true;
      }
      String scope = claims.getStringClaim("scope");
      if (scope == null) {
        return false;
      }
      // Only the wildcard is understood: a transaction may touch any type, and a narrower scope must not pass for it.
      for (String one : scope.split(" ")) {
        if (one.startsWith("system/*.")) {
          String may = one.substring("system/*.".length());
          if (may.matches("c?r?u?d?s?") && (reads ? may.contains("r") && may.contains("s") : may.contains("c") && may.contains("u") && (may.contains("d") || !request.getMethod().equals("DELETE")))) {
            return true;
          }
        }
      }
      return false;
    } catch (ParseException malformed) {
      return false;
    }
  }

  private static void refuse(HttpServletResponse response, int status, String challenge, String code, String text)
      throws IOException {
    response.setStatus(status);
    response.setHeader("WWW-Authenticate", challenge);
    response.setContentType("application/fhir+json;charset=UTF-8");
    response
        .getWriter()
        .write(
            "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"error\",\"code\":\"" + code + "\",\"diagnostics\":\"" + text + "\"}]}");
  }
}
