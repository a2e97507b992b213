package sightline.fhir;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.provider.IJpaSystemProvider;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.narrative2.NullNarrativeGenerator;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import org.springframework.context.ApplicationContext;

/**
 * HAPI's servlet. It asks for its many beans only once the container starts it: taking them in the constructor would create
 * them before Spring has frozen its configuration, when every look-up by type still walks all bean definitions.
 */
class FhirServlet extends RestfulServer {
  private final transient ApplicationContext beans;

  FhirServlet(ApplicationContext beans) {
    this.beans = beans;
  }

  @Override
  protected void initialize() {
    FhirContext context = beans.getBean(FhirContext.class);
    context.setNarrativeGenerator(new NullNarrativeGenerator());
    // A signature is on one version of a report: HAPI would take that version out of the reference.
    context.getParserOptions().setDontStripVersionsFromReferencesAtPaths("Provenance.target");
    setFhirContext(context);
    registerProviders(beans.getBean(ResourceProviderFactory.class).createProviders());
    registerProvider(beans.getBean(IJpaSystemProvider.class));
    JpaCapabilityStatementProvider capabilities =
        new JpaCapabilityStatementProvider(
            this,
            beans.getBean(IFhirSystemDao.class),
            beans.getBean(JpaStorageSettings.class),
            beans.getBean(ISearchParamRegistry.class),
            beans.getBean(IValidationSupport.class));
    capabilities.setImplementationDescription("Sightline sandbox EHR (HAPI FHIR JPA R4)");
    setServerConformanceProvider(capabilities);
    setDefaultResponseEncoding(EncodingEnum.JSON);
    setPagingProvider(beans.getBean(DatabaseBackedPagingProvider.class));
  }
}
