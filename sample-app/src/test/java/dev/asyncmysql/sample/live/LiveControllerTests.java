package dev.asyncmysql.sample.live;

import java.time.Duration;
import java.util.List;

import dev.asyncmysql.sample.account.AccountRepository;
import dev.asyncmysql.sample.live.LiveFigures.Figures;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.mockito.ArgumentMatchers;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

import org.springframework.r2dbc.core.DatabaseClient;

import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for the events of {@link LiveController}.
 */
class LiveControllerTests {

	private static final Duration LIMIT = Duration.ofSeconds(20);

	private final AccountRepository accounts = mock(AccountRepository.class);

	private final LiveFigures figures = mock(LiveFigures.class);

	private LiveController controller = create();

	private LiveController create() {
		return new LiveController(this.accounts, mock(DatabaseClient.class), mock(TransferBurst.class), this.figures);
	}

	@BeforeEach
	void prepare() {
		given(this.figures.take()).willReturn(new Figures(0, 10, 0, 0, 0, 0, List.of()));
		given(this.accounts.findAllBy(ArgumentMatchers.any())).willReturn(Flux.empty());
		this.controller = create();
	}

	@Test
	void endWithTheApplication() {
		StepVerifier.create(this.controller.events().map((event) -> event.event()))
			.expectNext("figures")
			.then(this.controller::end)
			.thenConsumeWhile((event) -> true)
			.expectComplete()
			.verify(LIMIT);
	}

	@Test
	void onePageThatDoesNotReadHoldsNobodyUp() {
		StepVerifier.create(this.controller.events(), 0)
			.expectSubscription()
			.then(() -> StepVerifier.create(this.controller.events()).expectNextCount(5).thenCancel().verify(LIMIT))
			.thenCancel()
			.verify(LIMIT);
	}

}
