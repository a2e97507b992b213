package sightline.hl7;

import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.app.Connection;
import ca.uhn.hl7v2.model.Message;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/**
 * An ADT system: sends the messages on its input, which are parted by form feeds, to a host and port, and prints each
 * answer's MSA-1.
 */
public final class Sender {
  private Sender() {}

  public static void main(String[] arguments) throws Exception {
    String input = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
    try (HapiContext context = Peer.context()) {
      Connection connection = context.newClient(arguments[0], Integer.parseInt(arguments[1]), Peer.hasTls());
      connection.getInitiator().setTimeout(5, TimeUnit.SECONDS);
      for (String text : input.split("\f")) {
        Message message = context.getPipeParser().parse(text);
        Message answer = connection.getInitiator().sendAndReceive(message);
        System.out.println("ANSWER " + answer.encode().replace('\r', ' '));
      }
      connection.close();
    }
    System.exit(0);
  }
}
