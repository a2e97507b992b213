package sightline.fhir;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.jpa.validation.JpaValidationSupportChain;
import jakarta.annotation.PostConstruct;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.r4.model.CodeSystem;

/**
 * Labels for what AI influenced, which HL7 Terminology 7.x defines and the packages of FHIR R4 do not yet know: R4's own
 * code systems with these codes added, put before everything else the validator asks.
 */
class NewerTerminology {
  private final FhirContext context;
  private final JpaValidationSupportChain chain;
  private final DefaultProfileValidationSupport r4;

  NewerTerminology(FhirContext context, JpaValidationSupportChain chain) {
    this.context = context;
    this.chain = chain;
    this.r4 = new DefaultProfileValidationSupport(context);
  }

  @PostConstruct
  void addToChain() {
    PrePopulatedValidationSupport newer = new PrePopulatedValidationSupport(context);
    newer.addCodeSystem(
        with("http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "AIAST", "Artificial Intelligence asserted"));
    newer.addCodeSystem(
        with("http://terminology.hl7.org/CodeSystem/v3-ActCode", "PROCESSINLINELABEL", "process inline security label"));
    chain.addValidationSupport(0, newer);
  }

  private CodeSystem with(String url, String code, String display) {
    CodeSystem system = ((CodeSystem) r4.fetchCodeSystem(url)).copy();
    system.addConcept().setCode(code).setDisplay(display);
    return system;
  }
}
