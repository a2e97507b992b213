package sightline.fhir;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;

/** Open by intent: says only whether the server can reach its database. */
class HealthServlet extends HttpServlet {
  private final transient DataSource dataSource;

  HealthServlet(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  @Override
  protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
    boolean ready;
    try (Connection connection = dataSource.getConnection()) {
      ready = connection.isValid(2);
    } catch (SQLException unreachable) {
      ready = false;
    }
    response.setStatus(ready ? 200 : 503);
    response.setContentType("application/json");
    response.getWriter().write(ready ? "{\"status\":\"ok\"}" : "{\"status\":\"unavailable\"}");
  }
}
