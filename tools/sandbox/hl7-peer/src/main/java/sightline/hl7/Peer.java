package sightline.hl7;

import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.llp.MinLowerLayerProtocol;
import ca.uhn.hl7v2.parser.CanonicalModelClassFactory;
import ca.uhn.hl7v2.parser.UnexpectedSegmentBehaviourEnum;
import ca.uhn.hl7v2.util.StandardSocketFactory;
import ca.uhn.hl7v2.util.idgenerator.InMemoryIDGenerator;
import ca.uhn.hl7v2.validation.impl.ValidationContextFactory;
import java.io.IOException;
import java.net.ServerSocket;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLServerSocketFactory;

/** What receiver and sender share: v2.5.1, strictly, in the character set that MSH-18 names. */
final class Peer {
  private Peer() {}

  static boolean hasTls() {
    return System.getProperty("javax.net.ssl.keyStore") != null;
  }

  static HapiContext context() {
    HapiContext context = new DefaultHapiContext(new CanonicalModelClassFactory("2.5.1"));
    context.setValidationContext(ValidationContextFactory.defaultValidation());
    context.getParserConfiguration().setUnexpectedSegmentBehaviour(UnexpectedSegmentBehaviourEnum.THROW_HL7_EXCEPTION);
    // The other generator keeps a file in the working directory.
    context.getParserConfiguration().setIdGenerator(new InMemoryIDGenerator());
    context.setLowerLayerProtocol(new MinLowerLayerProtocol(true));
    context.setSocketFactory(new ClientsNeedCertificates());
    return context;
  }

  private static final class ClientsNeedCertificates extends StandardSocketFactory {
    @Override
    public ServerSocket createTlsServerSocket() throws IOException {
      SSLServerSocket socket = (SSLServerSocket) SSLServerSocketFactory.getDefault().createServerSocket();
      socket.setNeedClientAuth(true);
      return socket;
    }
  }
}
