package dev.asyncmysql.sample;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.support.ui.WebDriverWait;

import org.springframework.http.HttpStatus;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The page in a browser, worked by the keyboard alone, on MySQL.
 */
@OnMySql
@EnabledIf(value = "hasBrowser", disabledReason = "there is no Chromium with its driver on the PATH")
class LivePageMySqlIT extends AbstractLedgerTests {

	private static final Optional<Path> BROWSER = find("chromium", "google-chrome");

	private static final Optional<Path> DRIVER = find("chromedriver");

	/** By a script, as the rows are others twice a second. */
	private static final String OWNER = "document.querySelector('#balances td:nth-child(2)')";

	private ChromeDriver browser;

	static boolean hasBrowser() {
		return BROWSER.isPresent() && DRIVER.isPresent();
	}

	private static Optional<Path> find(String... names) {
		return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
			.flatMap((folder) -> Stream.of(names).map((name) -> Path.of(folder, name)))
			.filter(Files::isExecutable)
			.findFirst();
	}

	@BeforeEach
	void openPage() {
		ChromeOptions options = new ChromeOptions().addArguments("--headless=new", "--no-sandbox",
				"--disable-dev-shm-usage", "--disable-gpu");
		options.setBinary(BROWSER.orElseThrow().toFile());
		ChromeDriverService service = new ChromeDriverService.Builder()
			.usingDriverExecutable(DRIVER.orElseThrow().toFile())
			.build();
		this.browser = new ChromeDriver(service, options);
		this.browser.manage().window().setSize(new Dimension(1200, 1140));
		this.browser.get("http://localhost:" + this.port);
		await(() -> "Live".equals(text("stream")));
	}

	@AfterEach
	void closeBrowser() {
		this.browser.quit();
	}

	@Test
	void showsABurstOfTransfersAsItHappens() throws IOException {
		// Other tests may have left the first accounts, between which it goes, without
		// money.
		this.databaseClient.sql("UPDATE account SET balance = 1000 ORDER BY id LIMIT 5").then().block(TIMEOUT);
		press("Burst of 200 transfers");
		await(() -> text("outcome").contains("transfers executed"));
		await(() -> Integer.parseInt(text("committed")) > 150);
		assertThat(text("outcome")).matches("\\d+ transfers executed, \\d+ refused as an overdraft in \\d+ ms");
		assertThat(rows("balances")).hasSizeGreaterThanOrEqualTo(2);
		// At once: the rows are made anew each second.
		assertThat((String) this.browser
			.executeScript("return document.querySelector('#balances td:nth-child(3)').textContent"))
			.matches("\\d+\\.\\d\\d");
		assertThat(rows("recent")).hasSize(12);
		assertThat(attribute("pool-plot", "aria-label")).matches("\\d+ of 10 connections in use, \\d+ callers waiting");
		assertThat(highest("pool-plot")).as("the pool was in use").isLessThan(110);
		assertThat(highest("latency-plot")).isLessThan(110);
		screenshot();
		noErrors();
	}

	@Test
	void aSlowQueryHoldsAConnectionAndItsButtonWaits() {
		press("Slow query");
		await(() -> "1".equals(text("in-use")));
		assertThat(this.browser.switchTo().activeElement().getAttribute("aria-disabled")).isEqualTo("true");
		this.browser.switchTo().activeElement().sendKeys(Keys.SPACE);
		await(() -> text("outcome").matches("The query took 2\\d\\d\\d ms"));
		assertThat(this.browser.switchTo().activeElement().getText()).isEqualTo("Slow query");
		assertThat(this.browser.switchTo().activeElement().getAttribute("aria-disabled")).isNull();
		await(() -> "0".equals(text("in-use")));
		noErrors();
	}

	@Test
	void aQueryThatIsGivenUpReturnsItsConnection() {
		press("Cancelled query");
		await(() -> "1".equals(text("in-use")));
		await(() -> text("outcome").equals("The query was given up after 1000 ms"));
		await(() -> "0".equals(text("in-use")));
	}

	/**
	 * A browser gives up where it is answered by something else than events.
	 */
	@Test
	void connectsAgainWhereTheBrowserHasGivenUp() {
		this.browser.executeCdpCommand("Page.addScriptToEvaluateOnNewDocument", Map.of("source", """
				const Real = EventSource;
				let attempts = 0;
				window.EventSource = function (url) { return new Real(attempts++ === 0 ? 'live/nothing' : url); };
				window.EventSource.CLOSED = Real.CLOSED;
				"""));
		this.browser.navigate().refresh();
		await(() -> text("stream").startsWith("The connection to the application is lost; trying again"));
		await(() -> "Live".equals(text("stream")));
	}

	@Test
	void isLightOrDarkAsItsReaderHasIt() {
		String light = ground("light");
		String dark = ground("dark");
		assertThat(brightness(light)).isGreaterThan(200);
		assertThat(brightness(dark)).isLessThan(60);
	}

	@ParameterizedTest
	@ValueSource(strings = { "light", "dark" })
	void textCanBeReadInLightAndDark(String scheme) {
		open("1");
		await(() -> Boolean.TRUE.equals(this.browser.executeScript("return " + OWNER + " !== null")));
		ground(scheme);
		List<Map<String, String>> texts = texts();
		assertThat(texts).extracting((text) -> text.get("name"))
			.contains("H1", "H2", "P", "BUTTON", "DT", "DD", "TH", "TD", "SMALL");
		assertThat(texts)
			.allSatisfy((text) -> assertThat(contrast(text.get("color"), text.get("ground"))).as("contrast of %s", text)
				.isGreaterThanOrEqualTo(4.5));
	}

	@Test
	void aNameIsShownAsTheTextThatItIs() {
		open("1");
		Account first = list(0, 1).get(0);
		String name = "<b onmouseover=\"document.title='run'\">Eve</b><img src=x onerror=\"document.title='run'\">";
		rename(first.id(), name);
		try {
			await(() -> name.equals(this.browser.executeScript("return " + OWNER + "?.textContent")));
			assertThat(this.browser.executeScript("return " + OWNER + ".childElementCount")).isEqualTo(0L);
			this.browser.executeScript(
					"document.querySelectorAll('#balances *').forEach((e) => e.dispatchEvent(new Event('mouseover')))");
			assertThat(this.browser.getTitle()).isEqualTo("Ledger, live");
			noErrors();
		}
		finally {
			rename(first.id(), first.owner());
		}
	}

	private void rename(long id, String owner) {
		assertThat(changeOwner(id, owner, requestVersion(id).blockOptional(TIMEOUT).orElseThrow()))
			.isEqualTo(HttpStatus.OK);
	}

	@Test
	void fitsANarrowScreen() {
		this.browser.manage().window().setSize(new Dimension(400, 800));
		assertThat(this.browser
			.executeScript("return document.documentElement.scrollWidth - document.documentElement.clientWidth"))
			.isEqualTo(0L);
	}

	/**
	 * Go to a button by the tabulator key, and press it.
	 */
	private void press(String label) {
		for (int i = 0; i < 10; i++) {
			WebElement focused = this.browser.switchTo().activeElement();
			if (label.equals(focused.getText())) {
				assertThat(focused.getCssValue("outline-style")).as("the focus is seen").isEqualTo("solid");
				focused.sendKeys(Keys.ENTER);
				return;
			}
			focused.sendKeys(Keys.TAB);
		}
		throw new AssertionError("no button is called " + label);
	}

	private String ground(String scheme) {
		this.browser.executeCdpCommand("Emulation.setEmulatedMedia",
				Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
		return (String) this.browser.executeScript("return getComputedStyle(document.body).backgroundColor");
	}

	private static double brightness(String color) {
		return Stream.of(color.replaceAll("[^\\d,]", "").split(","))
			.mapToInt(Integer::parseInt)
			.average()
			.orElseThrow();
	}

	/**
	 * Return each element that has a text of its own, with its colour and the one that is
	 * behind it.
	 */
	@SuppressWarnings("unchecked")
	private List<Map<String, String>> texts() {
		return (List<Map<String, String>>) this.browser.executeScript("""
				const clear = 'rgba(0, 0, 0, 0)';
				function ground(element) {
				  const color = getComputedStyle(element).backgroundColor;
				  return color === clear ? ground(element.parentElement) : color;
				}
				return [...document.body.querySelectorAll('*')]
				  .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
				  .map((element) => ({
				    name: element.tagName, color: getComputedStyle(element).color, ground: ground(element)
				  }));""");
	}

	/**
	 * Return the contrast ratio of two colours.
	 *
	 * @see <a href="https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio">WCAG 2.2</a>
	 */
	private static double contrast(String color, String other) {
		double one = luminance(color) + 0.05;
		double two = luminance(other) + 0.05;
		return Math.max(one, two) / Math.min(one, two);
	}

	private static double luminance(String color) {
		assertThat(color).matches("rgb\\(\\d+, \\d+, \\d+\\)");
		double[] parts = Stream.of(color.replaceAll("[^\\d,]", "").split(","))
			.mapToDouble((part) -> Integer.parseInt(part) / 255.0)
			.map((part) -> (part <= 0.04045) ? part / 12.92 : Math.pow((part + 0.055) / 1.055, 2.4))
			.toArray();
		return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
	}

	private double highest(String plot) {
		return Stream
			.of(this.browser.findElement(By.cssSelector("#" + plot + " .in-use")).getAttribute("points").split(" "))
			.mapToDouble((point) -> Double.parseDouble(point.split(",")[1]))
			.min()
			.orElseThrow();
	}

	private void screenshot() throws IOException {
		String file = System.getProperty("live.screenshot");
		if (file != null) {
			Files.write(Path.of(file), this.browser.getScreenshotAs(OutputType.BYTES));
		}
	}

	private void noErrors() {
		assertThat(this.browser.manage().logs().get(LogType.BROWSER)).extracting(LogEntry::getMessage).isEmpty();
	}

	private List<WebElement> rows(String id) {
		return this.browser.findElement(By.id(id)).findElements(By.tagName("tr"));
	}

	private String text(String id) {
		return this.browser.findElement(By.id(id)).getText();
	}

	private String attribute(String id, String name) {
		return this.browser.findElement(By.id(id)).getAttribute(name);
	}

	private void await(BooleanSupplier condition) {
		new WebDriverWait(this.browser, TIMEOUT).until((driver) -> condition.getAsBoolean());
	}

}
